import os
import time

from scene import run


def send(scene):
    mistake, channel = scene.mistake, scene.channel
    if mistake != "undeclared":
        channel.queue_declare("hello", durable=mistake == "durable", exclusive=mistake == "exclusive")
    exchange = ""
    if mistake == "right-exchange":
        exchange = "greetings"
        channel.exchange_declare(exchange, "direct")
        channel.queue_bind("hello", exchange, "hello")
    for _ in range(20_000 if mistake == "right-thousands" else 1):
        scene.publish(exchange, "helo" if mistake == "misspelt" else "hello", b"Hello")
    if mistake == "fails":
        os._exit(3)
    scene.end()


def receive(scene):
    mistake = scene.mistake
    if mistake != "undeclared":
        scene.channel.queue_declare("hello", durable=mistake == "durable")
    if mistake == "right-gets":
        get(scene)

    def received(channel, method, properties, body):
        if mistake == "crashes":
            raise ValueError(body)
        if mistake == "rejects":
            channel.basic_reject(method.delivery_tag, requeue=False)
        if mistake == "right-batch" and method.delivery_tag % 5 == 0:
            channel.basic_ack(method.delivery_tag, multiple=True)
        if mistake in ("right-acks", "both-acks", "acks-twice"):
            channel.basic_ack(method.delivery_tag)
        if mistake == "acks-twice":
            channel.basic_ack(method.delivery_tag)

    without = ("right", "undeclared", "both-acks", "crashes", "durable")
    scene.channel.basic_consume("hello", received, auto_ack=mistake in without)
    scene.channel.start_consuming()


def get(scene):
    while True:
        method, _, _ = scene.channel.basic_get("hello")
        if method:
            scene.channel.basic_ack(method.delivery_tag)
        else:
            time.sleep(0.01)


run(send=send, receive=receive)
