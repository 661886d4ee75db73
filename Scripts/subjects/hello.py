import os
import time

from scene import run


def send(scene):
    fault, channel = scene.fault, scene.channel
    if fault != "undeclared":
        channel.queue_declare("hello", durable=fault == "durable", exclusive=fault == "exclusive")
    exchange = ""
    if fault == "right-exchange":
        exchange = "greetings"
        channel.exchange_declare(exchange, "direct")
        channel.queue_bind("hello", exchange, "hello")
    for _ in range(20_000 if fault == "right-thousands" else 1):
        scene.publish(exchange, "helo" if fault == "misspelt" else "hello", b"Hello")
    if fault == "fails":
        os._exit(3)
    scene.end()


def receive(scene):
    fault = scene.fault
    if fault != "undeclared":
        scene.channel.queue_declare("hello", durable=fault == "durable")
    if fault == "right-gets":
        get(scene)

    def received(channel, method, properties, body):
        if fault == "crashes":
            raise ValueError(body)
        if fault == "rejects":
            channel.basic_reject(method.delivery_tag, requeue=False)
        if fault in ("right-acks", "both-acks", "acks-twice"):
            channel.basic_ack(method.delivery_tag)
        if fault == "acks-twice":
            channel.basic_ack(method.delivery_tag)

    without = ("right", "undeclared", "both-acks", "crashes", "durable")
    scene.channel.basic_consume("hello", received, auto_ack=fault in without)
    scene.channel.start_consuming()


def get(scene):
    while True:
        method, _, _ = scene.channel.basic_get("hello")
        if method:
            scene.channel.basic_ack(method.delivery_tag)
        else:
            time.sleep(0.01)


run(send=send, receive=receive)
