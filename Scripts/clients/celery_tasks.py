"""The tasks that celery_client.py hands to a Celery worker."""
import os

from celery import Celery

app = Celery("celery_tasks", broker=os.environ["AMQP_URL"].replace("amqp://", "pyamqp://"), backend="rpc://")
app.conf.task_acks_late = True
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_prefetch_multiplier = 1


@app.task(bind=True, max_retries=3)
def square(self, number):
    # Every tenth fails the first time, and is tried again.
    if number % 10 == 0 and self.request.retries == 0:
        raise self.retry(countdown=0)
    return number * number
