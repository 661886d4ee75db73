#!/usr/bin/env python3
"""Step 12: many workers, and what belongs together stays in order."""

import os

import pika
from step import connect, consume, fail, numbered, run, say, text


def declare_queues(channel):
    """The exchange shares the accounts out over the queues; of a queue's workers one at a time is active."""
    channel.exchange_declare(exchange="accounts", exchange_type="x-consistent-hash", durable=True)
    for queue in ["accounts.1", "accounts.2"]:
        channel.queue_declare(queue=queue, durable=True, arguments={"x-single-active-consumer": True})
        # The binding key is the queue's weight.
        channel.queue_bind(queue=queue, exchange="accounts", routing_key="1")


def emit(words, count):
    "[ACCOUNT [MESSAGE]] [--count N]"
    account = words[0] if words else "ann"
    connection = connect()
    channel = connection.channel()
    declare_queues(channel)
    for message in numbered(" ".join(words[1:]) or "Hello World!", count):
        properties = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)
        channel.basic_publish(exchange="accounts", routing_key=account, body=message, properties=properties)
        say(f" [x] Sent '{account}':'{message}'")
    connection.close()


def work(words, count):
    "QUEUE [--leave N]"
    last = None
    if len(words) == 3 and words[1] == "--leave" and words[2].isdecimal():
        last = int(words.pop())
        words.pop()
    if len(words) != 1 or words[0] not in ("1", "2"):
        fail("Usage: order.py work 1|2 [--leave N]")
    connection = connect()
    channel = connection.channel()
    declare_queues(channel)
    channel.basic_qos(prefetch_count=1)
    seen = []

    def received(channel, method, properties, body):
        seen.append(body)
        again = " again" if method.redelivered else ""
        say(f" [x] Received{again} '{method.routing_key}':'{text(body)}'")
        if len(seen) == last:
            say(" [!] Left before it was done")
            # Not by closing: pika cancels its consumers first, and the next worker would begin behind this message.
            os._exit(0)
        channel.basic_ack(delivery_tag=method.delivery_tag)
        say(" [x] Done")

    channel.basic_consume(queue=f"accounts.{words[0]}", on_message_callback=received)
    consume(connection, " [*] Waiting for messages. To exit press CTRL+C")


run({"emit": emit, "work": work})
