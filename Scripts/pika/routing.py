#!/usr/bin/env python3
"""Step 4: receivers choose what they get, by an exact word."""

from step import connect, consume, fail, numbered, run, say, text


def emit(words, count):
    "[SEVERITY [MESSAGE]] [--count N]"
    key = words[0] if words else "info"
    connection = connect()
    channel = connection.channel()
    channel.exchange_declare(exchange="direct_logs", exchange_type="direct")
    for message in numbered(" ".join(words[1:]) or "Hello World!", count):
        channel.basic_publish(exchange="direct_logs", routing_key=key, body=message)
        say(f" [x] Sent '{key}':'{message}'")
    connection.close()


def receive(words, count):
    "SEVERITY..."
    if not words:
        fail("Usage: routing.py receive SEVERITY...")
    connection = connect()
    channel = connection.channel()
    channel.exchange_declare(exchange="direct_logs", exchange_type="direct")
    queue = channel.queue_declare(queue="", exclusive=True).method.queue
    for key in words:
        channel.queue_bind(queue=queue, exchange="direct_logs", routing_key=key)

    def received(channel, method, properties, body):
        say(f" [x] '{method.routing_key}':'{text(body)}'")

    channel.basic_consume(queue=queue, on_message_callback=received, auto_ack=True)
    consume(connection, " [*] Waiting for logs. To exit press CTRL+C")


run({"emit": emit, "receive": receive})
