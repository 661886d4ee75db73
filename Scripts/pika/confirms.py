#!/usr/bin/env python3
"""Step 7: the producer knows of each message whether the broker has it."""

import pika
from step import connect, consume, fail, numbered, run, say, text


def publish(words, count):
    "[MESSAGE] [--count N]"
    connection = connect()
    channel = connection.channel()
    # With this, pika's blocking channel waits for the broker's answer to each publish, one by one.
    channel.confirm_delivery()
    refused = 0
    for message in numbered(" ".join(words) or "Hello World!", count):
        say(f" [x] Sent '{message}'")
        try:
            channel.basic_publish(
                exchange="",
                routing_key="orders",
                body=message,
                properties=pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent),
                mandatory=True,
            )
            say(f" [x] Confirmed '{message}'")
        except pika.exceptions.UnroutableError:
            say(f" [!] Returned '{message}'")
            refused += 1
        except pika.exceptions.NackError:
            say(f" [!] Refused '{message}'")
            refused += 1
    connection.close()
    if refused:
        fail(
            f"The broker did not take: {refused}. Returned: there is no queue named 'orders'; "
            "'confirms.py receive' declares it. Refused: that queue is full."
        )


def receive(words, count):
    ""
    connection = connect()
    channel = connection.channel()
    channel.queue_declare(queue="orders", durable=True)
    channel.basic_qos(prefetch_count=50)

    def received(channel, method, properties, body):
        say(f" [x] Received '{text(body)}'")
        channel.basic_ack(delivery_tag=method.delivery_tag)

    channel.basic_consume(queue="orders", on_message_callback=received)
    consume(connection, " [*] Waiting for orders. To exit press CTRL+C")


run({"publish": publish, "receive": receive})
