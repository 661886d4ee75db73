#!/usr/bin/env python3
"""Step 2: tasks shared between workers, none lost when a worker dies."""

import time

import pika
from step import connect, consume, numbered, run, say, text


def new_task(words, count):
    "[MESSAGE] [--count N]"
    connection = connect()
    channel = connection.channel()
    channel.queue_declare(queue="task_queue", durable=True)
    for message in numbered(" ".join(words) or "Hello World!", count):
        channel.basic_publish(
            exchange="",
            routing_key="task_queue",
            body=message,
            properties=pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent),
        )
        say(f" [x] Sent '{message}'")
    connection.close()


def work(words, count):
    ""
    connection = connect()
    channel = connection.channel()
    channel.queue_declare(queue="task_queue", durable=True)
    channel.basic_qos(prefetch_count=1)

    def received(channel, method, properties, body):
        say(f" [x] Received '{text(body)}'")
        time.sleep(body.count(b"."))
        say(" [x] Done")
        channel.basic_ack(delivery_tag=method.delivery_tag)

    channel.basic_consume(queue="task_queue", on_message_callback=received)
    consume(connection, " [*] Waiting for messages. To exit press CTRL+C")


run({"new-task": new_task, "work": work})
