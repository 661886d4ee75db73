"""Ordinary programs with kombu on py-amqp."""
import os
import socket

from kombu import Connection, Exchange, Queue

with Connection(os.environ["AMQP_URL"].replace("amqp://", "pyamqp://"), transport_options={"confirm_publish": True}) as connection:
    exchange = Exchange("clients.kombu", "direct", durable=True, auto_delete=True)
    queue = Queue("clients.kombu", exchange, routing_key="k", durable=True, auto_delete=True)
    producer = connection.Producer(serializer="json")
    seen = []

    def received(body, message):
        seen.append(body["number"])
        message.ack()

    with connection.Consumer(queue, callbacks=[received]) as consumer:
        consumer.qos(prefetch_count=5)
        for number in range(50):
            producer.publish({"number": number}, exchange=exchange, routing_key="k", declare=[queue])
        try:
            while len(seen) < 50:
                connection.drain_events(timeout=10)
        except socket.timeout:
            raise SystemExit(f"only {len(seen)} of 50 messages came")
    assert seen == list(range(50)), seen
