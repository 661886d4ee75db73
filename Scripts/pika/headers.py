#!/usr/bin/env python3
"""Step 8: receivers choose by named fields."""

from itertools import takewhile

import pika
from step import connect, consume, fail, numbered, run, say, text


def is_field(word):
    return "=" in word and not word.startswith("=")


def fields(words):
    if wrong := [word for word in words if not is_field(word)]:
        fail(f"'{wrong[0]}' is not a header. Write it as NAME=VALUE.")
    return dict(word.split("=", 1) for word in words)


def line(headers):
    return ", ".join(f"{name}={value}" for name, value in (headers or {}).items())


def emit(words, count):
    "[HEADER=VALUE...] [MESSAGE] [--count N]"
    given = list(takewhile(is_field, words))
    headers = fields(given)
    connection = connect()
    channel = connection.channel()
    channel.exchange_declare(exchange="headers_logs", exchange_type="headers")
    for message in numbered(" ".join(words[len(given) :]) or "Hello World!", count):
        properties = pika.BasicProperties(headers=headers)
        channel.basic_publish(exchange="headers_logs", routing_key="", body=message, properties=properties)
        say(f" [x] Sent '{line(headers)}':'{message}'")
    connection.close()


def receive(words, count):
    "all|any HEADER=VALUE..."
    if not words or words[0] not in ("all", "any"):
        fail("Usage: headers.py receive all|any HEADER=VALUE...")
    arguments = fields(words[1:]) | {"x-match": words[0]}
    connection = connect()
    channel = connection.channel()
    channel.exchange_declare(exchange="headers_logs", exchange_type="headers")
    queue = channel.queue_declare(queue="", exclusive=True).method.queue
    channel.queue_bind(queue=queue, exchange="headers_logs", arguments=arguments)

    def received(channel, method, properties, body):
        say(f" [x] '{line(properties.headers)}':'{text(body)}'")

    channel.basic_consume(queue=queue, on_message_callback=received, auto_ack=True)
    consume(connection, " [*] Waiting for logs. To exit press CTRL+C")


run({"emit": emit, "receive": receive})
