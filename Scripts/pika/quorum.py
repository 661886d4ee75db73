#!/usr/bin/env python3
"""Step 10: brokers die, and workers. Confirmed messages survive, and a message that kills every worker is put aside."""

import pika
from step import connect, numbered, run, say, serve, text


class Crash(Exception):
    """What a bug does: the program ends in the middle of its work."""


def declare_queues(channel):
    """A payment that comes back for the third time dies, and goes to `payments.dead`."""
    limit = {"x-queue-type": "quorum", "x-delivery-limit": 2}
    away = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "payments.dead"}
    channel.queue_declare(queue="payments", durable=True, arguments=limit | away)
    channel.queue_declare(queue="payments.dead", durable=True, arguments={"x-queue-type": "quorum"})


def new_task(words, count):
    "[MESSAGE] [--count N]"
    connection = connect()
    channel = connection.channel()
    declare_queues(channel)
    channel.confirm_delivery()
    for message in numbered(" ".join(words) or "Hello World", count):
        properties = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)
        channel.basic_publish(exchange="", routing_key="payments", body=message, properties=properties, mandatory=True)
        say(f" [x] Confirmed '{message}'")
    connection.close()


def work(words, count):
    ""

    def received(channel, method, properties, body):
        failures = (properties.headers or {}).get("x-delivery-count", 0)
        say(f" [x] Received '{text(body)}'" + (f" (failures: {failures})" if failures else ""))
        if b"!" in body:
            say(" [!] Crashed")
            raise Crash
        say(" [x] Paid")
        channel.basic_ack(delivery_tag=method.delivery_tag)

    def begin(channel):
        declare_queues(channel)
        channel.basic_qos(prefetch_count=1)
        channel.basic_consume(queue="payments", on_message_callback=received)

    serve(begin, " [*] Waiting for payments. To exit press CTRL+C", Crash)


def dead(words, count):
    ""

    def received(channel, method, properties, body):
        reason = (properties.headers or {}).get("x-first-death-reason", "nobody says why")
        say(f" [x] Dead: '{text(body)}' ({reason})")
        channel.basic_ack(delivery_tag=method.delivery_tag)

    def begin(channel):
        declare_queues(channel)
        channel.basic_consume(queue="payments.dead", on_message_callback=received)

    serve(begin, " [*] Waiting for dead payments. To exit press CTRL+C")


run({"new-task": new_task, "work": work, "dead": dead})
