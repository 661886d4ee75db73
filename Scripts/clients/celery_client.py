"""A Celery worker (kombu and py-amqp underneath) does 200 tasks, some of them twice, and is not held up
by tasks that are not due yet."""
import os
import signal
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
sys.dont_write_bytecode = True
is_quorum = os.environ.get("CELERY_QUEUE_TYPE") == "quorum"
tasks = "celery_quorum_tasks" if is_quorum else "celery_tasks"
worker = subprocess.Popen(
    [sys.executable, "-B", "-m", "celery", "-A", tasks, "worker", "--concurrency", "2", "--loglevel", "WARNING"],
    cwd=here, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "C_FORCE_ROOT": "1"},
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    from celery_tasks import app, square

    if is_quorum:
        import celery_quorum_tasks

    results = [square.delay(number) for number in range(200)]
    values = [result.get(timeout=90) for result in results]
    assert values == [number * number for number in range(200)], values
    if is_quorum:
        # No window can be made larger there, and tasks that are not due fill it; RabbitMQ does no better.
        raise SystemExit
    # More than the worker's prefetch of 2. It schedules them, and asks for a larger window for each: but only a broker
    # whose product is RabbitMQ, because others fix a window when the consumer starts.
    later = [square.apply_async((number,), countdown=600) for number in range(1, 11)]
    assert square.delay(11).get(timeout=30) == 121
    assert not any(result.ready() for result in later)
finally:
    worker.send_signal(signal.SIGTERM)
    try:
        worker.wait(30)
    except subprocess.TimeoutExpired:
        worker.kill()
        raise SystemExit("the Celery worker does not end")
    app.control.purge()
