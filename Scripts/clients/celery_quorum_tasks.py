"""The tasks of celery_tasks.py, by way of a quorum queue."""
from celery_tasks import app

app.conf.task_default_queue = "celery-quorum"
app.conf.task_default_queue_type = "quorum"
app.conf.broker_transport_options = {"confirm_publish": True}
