"""RabbitMQ's tutorials with pika as they are today: hello world, work queues and RPC, with quorum queues."""
import os

import pika

connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
quorum = {"x-queue-type": "quorum"}
names = ["clients.hello", "clients.task_queue", "clients.rpc_queue"]

# One: send and receive.
channel = connection.channel()
channel.queue_declare(queue=names[0], durable=True, arguments=quorum)
channel.basic_publish(exchange="", routing_key=names[0], body="Hello World!")
for method, _, body in channel.consume(names[0], auto_ack=True, inactivity_timeout=10):
    assert body == b"Hello World!", body
    break
channel.cancel()

# Two: a worker that fails at a task each time, and one that takes turns with it. After the limit the task is gone.
channel.queue_declare(queue=names[1], durable=True, arguments=dict(quorum, **{"x-delivery-limit": 3}))
channel.confirm_delivery()
for task in ["one.", "poison", "two.."]:
    channel.basic_publish(
        exchange="", routing_key=names[1], body=task,
        properties=pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent))
channel.basic_qos(prefetch_count=1)
done, counts = [], []
for method, properties, body in channel.consume(names[1], inactivity_timeout=2):
    if method is None:
        break
    if body == b"poison":
        counts.append((properties.headers or {}).get("x-delivery-count", 0))
        channel.basic_reject(method.delivery_tag, requeue=True)
    else:
        done.append(body)
        channel.basic_ack(method.delivery_tag)
channel.cancel()
assert sorted(done) == [b"one.", b"two.."], done
assert counts == [0, 1, 2, 3], counts

# Six: requests to a quorum queue, replies to an exclusive one.
server = connection.channel()
server.queue_declare(queue=names[2], durable=True, arguments=quorum)
server.basic_qos(prefetch_count=1)


def on_request(ch, method, properties, body):
    ch.basic_publish(
        exchange="", routing_key=properties.reply_to, body=str(int(body) ** 2),
        properties=pika.BasicProperties(correlation_id=properties.correlation_id))
    ch.basic_ack(delivery_tag=method.delivery_tag)


server.basic_consume(queue=names[2], on_message_callback=on_request)
client = connection.channel()
callback = client.queue_declare(queue="", exclusive=True).method.queue
replies = {}
client.basic_consume(
    queue=callback, on_message_callback=lambda ch, m, properties, body: replies.update({properties.correlation_id: body}),
    auto_ack=True)
client.basic_publish(
    exchange="", routing_key=names[2], body="12",
    properties=pika.BasicProperties(reply_to=callback, correlation_id="12"))
for _ in range(100):
    if replies:
        break
    connection.process_data_events(time_limit=0.1)
assert replies == {"12": b"144"}, replies

server.close()
for name in names:
    channel.queue_delete(name)
connection.close()
