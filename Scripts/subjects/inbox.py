import os
import uuid
from pathlib import Path

from scene import run, say


class Notes:
    """What is still there when the program is started again."""

    def __init__(self, name):
        self.file = Path(os.environ.get("ORDERS_FOLDER", ".")) / name

    def all(self):
        return self.file.read_text().split() if self.file.exists() else []

    def add(self, line):
        self.file.write_text("\n".join([*self.all(), line]))

    def remove(self, line):
        self.file.write_text("\n".join(other for other in self.all() if other != line))


def order(scene):
    fault, channel, notes = scene.fault, scene.channel, Notes("subject.outbox")
    channel.queue_declare("shipments", durable=True)
    if fault != "no-select":
        channel.confirm_delivery()
    identity = "order" if fault == "same-id" else uuid.uuid4().hex
    notes.add(identity)
    for waiting in [identity] if fault == "no-outbox" else notes.all():
        shown = uuid.uuid4().hex if fault == "new-id" else waiting
        properties = {} if fault == "no-id" else {"message_id": shown}
        scene.publish("", "shipments", b"An order", delivery_mode=1 if fault == "transient" else 2, **properties)
        notes.remove(waiting)
    scene.end()


def ship(scene):
    fault, channel, notes = scene.fault, scene.channel, Notes("subject.inbox")
    channel.queue_declare("shipments", durable=fault != "not-durable")
    channel.basic_qos(prefetch_count=1)
    known = []

    def received(channel, method, properties, body):
        identity = properties.message_id or ""
        recognised = {"no-inbox": False, "by-mark": method.redelivered, "memory": identity in known}
        say("Got an order")
        if not recognised.get(fault, identity in notes.all()):
            say(f"Shipped {body.decode()}")
            known.append(identity)
            notes.add(identity)
        if fault != "never-acks":
            channel.basic_ack(method.delivery_tag)

    channel.basic_consume("shipments", received)
    channel.start_consuming()


run(order=order, ship=ship)
