import os
import sys
import time

import pika
from scene import run, say


def publish(scene):
    channel, mistake = scene.channel, scene.mistake
    if mistake in ("right-declares", "ignores-return"):
        channel.queue_declare("orders", durable=True)
    if mistake in ("no-wait", "closes-later"):
        # A blocking channel waits for each confirm: select them behind its back.
        channel._impl.confirm_delivery(lambda frame: None)
    elif mistake == "other-channel":
        scene.connection.channel().confirm_delivery()
    elif mistake != "no-select":
        channel.confirm_delivery()
    taken = True
    try:
        for number in range(1, 4):
            properties = pika.BasicProperties(delivery_mode=2)
            try:
                channel.basic_publish("", "orders", f"Order {number}".encode(), properties, mandatory=mistake != "not-mandatory")
            except pika.exceptions.UnroutableError:
                if mistake != "ignores-return":
                    say("Returned")
                    taken = False
            except pika.exceptions.NackError:
                if mistake != "ignores-nack":
                    say("Refused")
                    taken = False
    except pika.exceptions.AMQPConnectionError:
        if mistake == "swallows-cut":
            os._exit(0)
        raise
    if mistake == "closes-later":
        # With what pika takes of its own this is more than half a second.
        time.sleep(0.2)
    scene.end()
    sys.exit(0 if taken and mistake != "fails" else 1)


def receive(scene):
    scene.channel.queue_declare("orders", durable=True)

    def received(channel, method, properties, body):
        if scene.mistake != "never-acks":
            channel.basic_ack(method.delivery_tag)

    scene.channel.basic_consume("orders", received)
    scene.channel.start_consuming()


run(publish=publish, receive=receive)
