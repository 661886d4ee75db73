import os

import pika
from scene import run, say


def declare(scene, channel):
    mistake = scene.mistake
    arguments = {} if mistake.startswith("classic") else {"x-queue-type": "quorum", "x-delivery-limit": 2}
    if mistake == "no-limit":
        del arguments["x-delivery-limit"]
    if mistake != "no-dead-letters":
        arguments |= {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "payments.dead"}
    channel.queue_declare("payments", durable=True, arguments=arguments)
    channel.queue_declare("payments.dead", durable=True, arguments={"x-queue-type": "quorum"})


def new_task(scene):
    channel, mistake = scene.channel, scene.mistake
    declare(scene, channel)
    if mistake == "no-wait":
        # A blocking channel waits for each confirm: select them behind its back.
        channel._impl.confirm_delivery(lambda frame: None)
    elif mistake != "no-select":
        channel.confirm_delivery()
    try:
        scene.publish("", "payments", b"A payment", **({} if mistake.endswith("transient") else {"delivery_mode": 2}))
    except pika.exceptions.NackError:
        if mistake != "ignores-nack":
            raise
    scene.end()


class Crash(Exception):
    pass


def work(scene):
    """Right or wrong, it ends at a payment that it can't make, and whoever started it starts it again; with
    `right-restarts` it does that itself."""
    mistake = scene.mistake

    def received(channel, method, properties, body):
        if mistake == "acks-first":
            channel.basic_ack(method.delivery_tag)
            channel.connection.process_data_events(0)
        if b"!" in body:
            if mistake != "right-requeues":
                raise Crash
            channel.basic_nack(method.delivery_tag, requeue=True)
        elif mistake != "acks-first":
            channel.basic_ack(method.delivery_tag)

    connection = scene.connection
    while True:
        try:
            channel = connection.channel()
            declare(scene, channel)
            channel.basic_qos(prefetch_count=1)
            channel.basic_consume("payments", received)
            channel.start_consuming()
        except pika.exceptions.AMQPConnectionError:
            if mistake == "goes":
                raise
        except Crash:
            if mistake != "right-restarts":
                os._exit(1)
            connection.close()
        connection = scene.connect()


def dead(scene):
    declare(scene, scene.channel)

    def received(channel, method, properties, body):
        say(body.decode())
        channel.basic_ack(method.delivery_tag)

    scene.channel.basic_consume("payments.dead", received)
    scene.channel.start_consuming()


run(new_task=new_task, work=work, dead=dead)
