#!/usr/bin/env python3
"""Step 6: a question out, its answer back."""

import time
import uuid

import pika
from step import connect, consume, fail, run, say, text


def fib(n):
    current, following = 0, 1
    for _ in range(n):
        current, following = following, current + following
    return current


def answer(question):
    """What a bad question gets is an answer too: its sender waits for one, and the queue behind it as well."""
    try:
        n = int(question)
    except ValueError:
        return f"error: '{question}' is not a whole number"
    if not 0 <= n <= 92:
        return f"error: fib({n}) is outside of 0...92"
    return str(fib(n))


def serve(words, count):
    ""
    connection = connect()
    channel = connection.channel()
    channel.queue_declare(queue="rpc_queue")
    channel.basic_qos(prefetch_count=1)

    def received(channel, method, properties, body):
        say(f" [.] fib({text(body)})")
        channel.basic_publish(
            exchange="",
            routing_key=properties.reply_to or "",
            properties=pika.BasicProperties(correlation_id=properties.correlation_id),
            body=answer(text(body)),
        )
        channel.basic_ack(delivery_tag=method.delivery_tag)

    channel.basic_consume(queue="rpc_queue", on_message_callback=received)
    consume(connection, " [x] Awaiting RPC requests")


def call(words, count):
    "[N] [--timeout S]"
    timeout = 10
    if "--timeout" in words:
        at = words.index("--timeout")
        seconds = "".join(words[at + 1 : at + 2])
        timeout = int(seconds) if seconds.isdecimal() else fail("--timeout takes a number of seconds.")
        del words[at : at + 2]
    question = " ".join(words) or "30"
    correlation, answers = str(uuid.uuid4()), []
    connection = connect()
    channel = connection.channel()
    replies = channel.queue_declare(queue="", exclusive=True).method.queue

    def received(channel, method, properties, body):
        if properties.correlation_id == correlation:
            answers.append(text(body))

    channel.basic_consume(queue=replies, on_message_callback=received, auto_ack=True)
    say(f" [x] Requesting fib({question})")
    channel.basic_publish(
        exchange="",
        routing_key="rpc_queue",
        properties=pika.BasicProperties(reply_to=replies, correlation_id=correlation),
        body=question,
    )
    end = time.monotonic() + timeout
    while not answers and time.monotonic() < end:
        connection.process_data_events(time_limit=0.1)
    connection.close()
    if not answers:
        fail(f"No answer within {timeout} seconds: is a server running?  rpc.py serve")
    say(f" [.] Got {answers[0]}")
    if answers[0].startswith("error: "):
        fail(f"fib({question}) has no result. Ask for a whole number from 0 to 92, for example 'rpc.py call 30'.")


run({"serve": serve, "call": call})
