"""A stream with pika, as RabbitMQ's page "Streams" has it: read from several places, again and again."""
import os
import time

import pika

connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
name = "clients.stream"
channel = connection.channel()
channel.queue_declare(
    queue=name, durable=True,
    arguments={"x-queue-type": "stream", "x-max-length-bytes": 20_000_000, "x-stream-max-segment-size-bytes": 1_000_000})
channel.confirm_delivery()
for number in range(200):
    channel.basic_publish(exchange="", routing_key=name, body=str(number))


def read(offset):
    """All messages from there on: offsets and bodies."""
    reader = connection.channel()
    reader.basic_qos(prefetch_count=10)
    seen = []

    def on_message(ch, method, properties, body):
        assert not method.redelivered
        seen.append((properties.headers["x-stream-offset"], int(body)))
        ch.basic_ack(method.delivery_tag)

    reader.basic_consume(queue=name, on_message_callback=on_message, arguments={"x-stream-offset": offset})
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and (not seen or seen[-1][1] != 199):
        connection.process_data_events(time_limit=0.1)
    reader.close()
    return seen


for _ in range(2):
    assert read("first") == [(number, number) for number in range(200)]
assert read(150) == [(number, number) for number in range(150, 200)]
assert read("1h")[0] == (0, 0)
assert read("last")[-1] == (199, 199)

channel.queue_delete(name)
connection.close()
