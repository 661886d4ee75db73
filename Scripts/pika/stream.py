#!/usr/bin/env python3
"""Step 11: a message that stays when it has been read, for readers that come late."""

import pika
from step import connect, consume, fail, numbered, run, say, text


def declare_ticker(channel):
    """Reading takes nothing out of a stream, so it needs another end: a week, or a gigabyte."""
    arguments = {"x-queue-type": "stream", "x-max-age": "7D", "x-max-length-bytes": 1_000_000_000}
    channel.queue_declare(queue="ticker", durable=True, arguments=arguments)


def publish(words, count):
    "[MESSAGE] [--count N]"
    connection = connect()
    channel = connection.channel()
    declare_ticker(channel)
    channel.confirm_delivery()
    for message in numbered(" ".join(words) or "Hello World!", count):
        properties = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)
        channel.basic_publish(exchange="", routing_key="ticker", body=message, properties=properties, mandatory=True)
        say(f" [x] Confirmed '{message}'")
    connection.close()


def offset(word):
    if word in ("first", "last", "next") or word[:-1].isdecimal() and word[-1] in "smhD":
        return word
    return int(word) if word.isdecimal() else fail(f"'{word}' names no place in a stream")


def read(words, count):
    "[OFFSET]"
    start = offset(" ".join(words) or "first")
    connection = connect()
    channel = connection.channel()
    declare_ticker(channel)
    channel.basic_qos(prefetch_count=5)

    def received(channel, method, properties, body):
        say(f" [x] {properties.headers['x-stream-offset']}: '{text(body)}'")
        channel.basic_ack(delivery_tag=method.delivery_tag)

    channel.basic_consume(queue="ticker", on_message_callback=received, arguments={"x-stream-offset": start})
    consume(connection, " [*] Waiting for news. To exit press CTRL+C")


run({"publish": publish, "read": read})
