import os
import sys
import time

import pika
from scene import run, say


def publish(scene):
    channel, fault = scene.channel, scene.fault
    if fault in ("right-declares", "ignores-return"):
        channel.queue_declare("orders", durable=True)
    if fault in ("no-wait", "closes-later"):
        # A blocking channel waits for each confirm: select them behind its back.
        channel._impl.confirm_delivery(lambda frame: None)
    elif fault == "other-channel":
        scene.connection.channel().confirm_delivery()
    elif fault != "no-select":
        channel.confirm_delivery()
    taken = True
    try:
        for number in range(1, 4):
            properties = pika.BasicProperties(delivery_mode=2)
            try:
                channel.basic_publish("", "orders", f"Order {number}".encode(), properties, mandatory=fault != "not-mandatory")
            except pika.exceptions.UnroutableError:
                if fault != "ignores-return":
                    say("Returned")
                    taken = False
            except pika.exceptions.NackError:
                if fault != "ignores-nack":
                    say("Refused")
                    taken = False
    except pika.exceptions.AMQPConnectionError:
        if fault == "swallows-cut":
            os._exit(0)
        raise
    if fault == "closes-later":
        # With what pika takes of its own this is more than half a second.
        time.sleep(0.2)
    scene.end()
    sys.exit(0 if taken and fault != "fails" else 1)


def receive(scene):
    scene.channel.queue_declare("orders", durable=True)

    def received(channel, method, properties, body):
        if scene.fault != "never-acks":
            channel.basic_ack(method.delivery_tag)

    scene.channel.basic_consume("orders", received)
    scene.channel.start_consuming()


run(publish=publish, receive=receive)
