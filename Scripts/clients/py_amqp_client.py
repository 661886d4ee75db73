"""Ordinary programs with py-amqp, as it is without kombu: declare, publish with confirms, consume, get, transactions."""
import os
import socket
from urllib.parse import urlparse

import amqp

url = urlparse(os.environ["AMQP_URL"])
with amqp.Connection(
    host=f"{url.hostname}:{url.port}", userid=url.username, password=url.password, confirm_publish=True
) as connection:
    channel = connection.channel()
    queue = channel.queue_declare(exclusive=True).queue
    channel.exchange_declare("clients.pyamqp", "direct", durable=False, auto_delete=True)
    channel.queue_bind(queue, "clients.pyamqp", "k")
    for number in range(50):
        message = amqp.Message(str(number), delivery_mode=2, application_headers={"n": number})
        channel.basic_publish(message, "clients.pyamqp", "k")

    first = channel.basic_get(queue)
    assert (first.body, first.delivery_info["redelivered"]) == ("0", False), first.body
    channel.basic_reject(first.delivery_tag, requeue=True)

    seen = []

    def received(message):
        seen.append((message.body, message.delivery_info["redelivered"]))
        channel.basic_ack(message.delivery_tag)

    channel.basic_qos(0, 10, False)
    tag = channel.basic_consume(queue, callback=received)
    try:
        while len(seen) < 50:
            connection.drain_events(timeout=10)
    except socket.timeout:
        raise SystemExit(f"only {len(seen)} of 50 messages came")
    channel.basic_cancel(tag)
    assert seen[0] == ("0", True) and seen[-1] == ("49", False), seen

    other = connection.channel()
    try:
        other.queue_declare("clients.missing", passive=True)
        raise SystemExit("a missing queue was found")
    except amqp.exceptions.NotFound:
        pass
