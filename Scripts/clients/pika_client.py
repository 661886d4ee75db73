"""Ordinary programs with pika: declare, publish with confirms, consume, refuse, get, transactions."""
import os

import pika
import pika.exceptions

connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channel = connection.channel()
channel.confirm_delivery()
queue = channel.queue_declare("", exclusive=True).method.queue
channel.exchange_declare("clients.pika", "topic", auto_delete=True)
channel.queue_bind(queue, "clients.pika", "orders.#")

persistent = pika.BasicProperties(delivery_mode=2, headers={"number": 7, "nested": {"list": [1, "two", None]}})
channel.basic_publish("clients.pika", "orders.new", b"first", persistent, mandatory=True)
try:
    channel.basic_publish("clients.pika", "nobody.listens", b"lost", mandatory=True)
    raise SystemExit("an unroutable mandatory message was not returned")
except pika.exceptions.UnroutableError:
    pass

method, properties, body = channel.basic_get(queue)
assert (body, method.redelivered) == (b"first", False), (body, method)
assert properties.headers == {"number": 7, "nested": {"list": [1, "two", None]}}, properties.headers
channel.basic_nack(method.delivery_tag, requeue=True)

for number in range(100):
    channel.basic_publish("clients.pika", "orders.new", str(number).encode())
seen = []
channel.basic_qos(prefetch_count=10)
for method, properties, body in channel.consume(queue, inactivity_timeout=10):
    assert method is not None, f"only {len(seen)} of 101 messages came"
    seen.append((body.decode(), method.redelivered))
    channel.basic_ack(method.delivery_tag)
    if len(seen) == 101:
        break
channel.cancel()
assert seen == [("first", True)] + [(str(number), False) for number in range(100)], seen

transaction = connection.channel()
transaction.tx_select()
transaction.basic_publish("", queue, b"forgotten")
transaction.tx_rollback()
transaction.basic_publish("", queue, b"kept")
transaction.tx_commit()
assert channel.basic_get(queue, auto_ack=True)[2] == b"kept"

try:
    channel.queue_declare("clients.missing", passive=True)
    raise SystemExit("a missing queue was found")
except pika.exceptions.ChannelClosedByBroker as error:
    assert error.reply_code == 404, error
connection.close()
