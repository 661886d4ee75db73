#!/usr/bin/env python3
"""Step 1: one producer, one queue, one consumer."""

from step import connect, consume, numbered, run, say, text


def send(words, count):
    "[MESSAGE] [--count N]"
    connection = connect()
    channel = connection.channel()
    channel.queue_declare(queue="hello")
    for message in numbered(" ".join(words) or "Hello World!", count):
        channel.basic_publish(exchange="", routing_key="hello", body=message)
        say(f" [x] Sent '{message}'")
    connection.close()


def receive(words, count):
    ""
    connection = connect()
    channel = connection.channel()
    channel.queue_declare(queue="hello")

    def received(channel, method, properties, body):
        say(f" [x] Received '{text(body)}'")

    channel.basic_consume(queue="hello", on_message_callback=received, auto_ack=True)
    consume(connection, " [*] Waiting for messages. To exit press CTRL+C")


run({"send": send, "receive": receive})
