import os
import threading
import uuid

import pika
from scene import run, say


def fibonacci(n):
    current, following = 0, 1
    for _ in range(n):
        current, following = following, current + following
    return current


def answer(question, crashes):
    try:
        n = int(question)
        if n < 0:
            raise ValueError("negative")
    except ValueError:
        if crashes:
            raise
        return f"error: {question!r}"
    return str(fibonacci(n))


def serve(scene):
    channel, mistake = scene.channel, scene.mistake
    channel.queue_declare("rpc_queue")
    if mistake != "no-prefetch":
        channel.basic_qos(prefetch_count=2 if mistake == "right-reversed" else 1)
    answering = scene.connect().channel() if mistake == "right-two-connections" else channel
    waiting = []

    def received(channel, method, properties, body):
        if mistake == "right-reversed":
            # Two at a time, the second first.
            waiting.append((channel, method, properties, body))
            if len(waiting) == 2:
                while waiting:
                    serve_one(*waiting.pop())
            return
        serve_one(channel, method, properties, body)

    def serve_one(channel, method, properties, body):
        if mistake == "acks-first":
            channel.basic_ack(method.delivery_tag)
        if properties.reply_to:
            key = "answers" if mistake == "fixed-queue" else properties.reply_to
            same = {} if mistake == "no-correlation" else {"correlation_id": properties.correlation_id}
            text = answer(body.decode(), mistake == "crashes")
            if mistake == "wrong-answer" and text.isdigit():
                text = str(int(text) + 1)
            answering.basic_publish("", key, text.encode(), pika.BasicProperties(**same))
        elif mistake == "needs-reply-to":
            raise ValueError("no reply-to")
        if mistake == "rejects":
            channel.basic_reject(method.delivery_tag, requeue=False)
        elif mistake not in ("acks-first", "automatic"):
            channel.basic_ack(method.delivery_tag)

    channel.basic_consume("rpc_queue", received, auto_ack=mistake == "automatic")
    channel.start_consuming()


def call(scene):
    channel, mistake = scene.channel, scene.mistake
    shared = mistake == "shared-queue"
    if mistake == "right-direct":
        replies = "amq.rabbitmq.reply-to"
    elif mistake == "right-auto-delete":
        replies = channel.queue_declare("", auto_delete=True).method.queue
    else:
        replies = channel.queue_declare("replies" if shared else "", exclusive=not shared).method.queue
    correlation = "1" if mistake == "constant-id" else str(uuid.uuid4())
    done = []
    open_ids = {correlation, correlation + "-2"} if mistake == "right-several" else {correlation}

    def received(channel, method, properties, body):
        if mistake == "right-several":
            if properties.correlation_id in open_ids:
                open_ids.remove(properties.correlation_id)
                say(f"Got {body.decode()}")
            if not open_ids:
                done.append(body)
        elif mistake == "first-reply" or properties.correlation_id == correlation:
            if not done:
                say(f"Got {body.decode()}")
            done.append(body)

    channel.basic_consume(replies, received, auto_ack=True)
    for _ in range(2 if mistake == "right-again" else 1):
        scene.publish("", "rpc_queue", b"30", reply_to=replies, correlation_id=correlation)
    if mistake == "right-several":
        scene.publish("", "rpc_queue", b"31", reply_to=replies, correlation_id=correlation + "-2")
    if mistake != "patient":

        def give_up():
            say("No answer.")
            os._exit(0 if mistake == "right" else 1)

        timer = threading.Timer(1, give_up)
        timer.daemon = True
        timer.start()
    while not done:
        scene.connection.process_data_events(0.1)
    scene.end()


run(serve=serve, call=call)
