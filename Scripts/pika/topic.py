#!/usr/bin/env python3
"""Step 5: receivers choose by a pattern over several words."""

from step import connect, consume, fail, numbered, run, say, text


def emit(words, count):
    "[KEY [MESSAGE]] [--count N]"
    key = words[0] if words else "anonymous.info"
    connection = connect()
    channel = connection.channel()
    channel.exchange_declare(exchange="topic_logs", exchange_type="topic")
    for message in numbered(" ".join(words[1:]) or "Hello World!", count):
        channel.basic_publish(exchange="topic_logs", routing_key=key, body=message)
        say(f" [x] Sent '{key}':'{message}'")
    connection.close()


def receive(words, count):
    "PATTERN..."
    if not words:
        fail("Usage: topic.py receive PATTERN...")
    connection = connect()
    channel = connection.channel()
    channel.exchange_declare(exchange="topic_logs", exchange_type="topic")
    queue = channel.queue_declare(queue="", exclusive=True).method.queue
    for key in words:
        channel.queue_bind(queue=queue, exchange="topic_logs", routing_key=key)

    def received(channel, method, properties, body):
        say(f" [x] '{method.routing_key}':'{text(body)}'")

    channel.basic_consume(queue=queue, on_message_callback=received, auto_ack=True)
    consume(connection, " [*] Waiting for logs. To exit press CTRL+C")


run({"emit": emit, "receive": receive})
