#!/usr/bin/env python3
"""Step 3: every receiver gets every message."""

from step import connect, consume, numbered, run, say, text


def emit(words, count):
    "[MESSAGE] [--count N]"
    connection = connect()
    channel = connection.channel()
    channel.exchange_declare(exchange="logs", exchange_type="fanout")
    for message in numbered(" ".join(words) or "info: Hello World!", count):
        channel.basic_publish(exchange="logs", routing_key="", body=message)
        say(f" [x] Sent '{message}'")
    connection.close()


def receive(words, count):
    ""
    connection = connect()
    channel = connection.channel()
    channel.exchange_declare(exchange="logs", exchange_type="fanout")
    queue = channel.queue_declare(queue="", exclusive=True).method.queue
    channel.queue_bind(queue=queue, exchange="logs")

    def received(channel, method, properties, body):
        say(f" [x] '{text(body)}'")

    channel.basic_consume(queue=queue, on_message_callback=received, auto_ack=True)
    consume(connection, " [*] Waiting for logs. To exit press CTRL+C")


run({"emit": emit, "receive": receive})
