"""A Celery worker (kombu and py-amqp underneath) does 200 tasks, some of them twice."""
import os
import signal
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
sys.dont_write_bytecode = True
worker = subprocess.Popen(
    [sys.executable, "-B", "-m", "celery", "-A", "celery_tasks", "worker", "--concurrency", "2", "--loglevel", "WARNING"],
    cwd=here, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "C_FORCE_ROOT": "1"},
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    from celery_tasks import square

    results = [square.delay(number) for number in range(200)]
    values = [result.get(timeout=90) for result in results]
    assert values == [number * number for number in range(200)], values
finally:
    worker.send_signal(signal.SIGTERM)
    try:
        worker.wait(30)
    except subprocess.TimeoutExpired:
        worker.kill()
        raise SystemExit("the Celery worker does not end")
