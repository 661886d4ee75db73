#!/usr/bin/env python3
"""Step 9: what fails is tried again, later, and not forever."""

import pika
from step import connect, consume, numbered, run, say, text


def declare_queues(channel):
    """What is rejected from `jobs` waits in `jobs.retry` for a second, and comes back."""
    back = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs"}
    away = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.retry"}
    channel.queue_declare(queue="jobs", durable=True, arguments=away)
    channel.queue_declare(queue="jobs.retry", durable=True, arguments={"x-message-ttl": 1000} | back)
    channel.queue_declare(queue="jobs.dead", durable=True)


def rejections(properties):
    deaths = (properties.headers or {}).get("x-death", [])
    return next((d["count"] for d in deaths if d["queue"] == "jobs" and d["reason"] == "rejected"), 0)


def new_task(words, count):
    "[MESSAGE] [--count N]"
    connection = connect()
    channel = connection.channel()
    declare_queues(channel)
    for message in numbered(" ".join(words) or "Hello World", count):
        properties = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)
        channel.basic_publish(exchange="", routing_key="jobs", body=message, properties=properties)
        say(f" [x] Sent '{message}'")
    connection.close()


def work(words, count):
    ""
    connection = connect()
    channel = connection.channel()
    declare_queues(channel)
    channel.basic_qos(prefetch_count=1)
    channel.confirm_delivery()

    def received(channel, method, properties, body):
        attempt = rejections(properties) + 1
        say(f" [x] Received '{text(body)}'")
        if b"!" not in body:
            say(" [x] Done")
            channel.basic_ack(delivery_tag=method.delivery_tag)
        elif attempt < 3:
            say(f" [!] Attempt {attempt} failed")
            channel.basic_reject(delivery_tag=method.delivery_tag, requeue=False)
        else:
            properties.headers = (properties.headers or {}) | {"attempts": attempt, "reason": "there is a '!' in it"}
            channel.basic_publish(
                exchange="", routing_key="jobs.dead", body=body, properties=properties, mandatory=True
            )
            channel.basic_ack(delivery_tag=method.delivery_tag)
            say(f" [!] Attempt {attempt} failed: parked")

    channel.basic_consume(queue="jobs", on_message_callback=received)
    consume(connection, " [*] Waiting for jobs. To exit press CTRL+C")


def dead(words, count):
    ""
    connection = connect()
    channel = connection.channel()
    declare_queues(channel)

    def received(channel, method, properties, body):
        headers = properties.headers or {}
        attempts, reason = headers.get("attempts", 0), headers.get("reason", "nobody says why")
        say(f" [x] Dead after {attempts} attempts: '{text(body)}' ({reason})")
        channel.basic_ack(delivery_tag=method.delivery_tag)

    channel.basic_consume(queue="jobs.dead", on_message_callback=received)
    consume(connection, " [*] Waiting for dead jobs. To exit press CTRL+C")


run({"new-task": new_task, "work": work, "dead": dead})
