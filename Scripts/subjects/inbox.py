import uuid

from scene import Notes, pika, run, say


def order(scene):
    mistake, channel, notes = scene.mistake, scene.channel, Notes("subject.outbox")
    channel.queue_declare("shipments", durable=True)
    if mistake != "no-select":
        channel.confirm_delivery()
    identity = "order" if mistake == "same-id" else uuid.uuid4().hex
    if mistake != "no-outbox":
        notes.add(identity)
    for waiting in [identity] if mistake == "no-outbox" else notes.all():
        shown = uuid.uuid4().hex if mistake == "new-id" else waiting
        properties = {} if mistake == "no-id" else {"message_id": shown}
        if mistake == "crosses-first":
            notes.remove(waiting)
        try:
            scene.publish("", "shipments", b"An order", delivery_mode=1 if mistake == "transient" else 2, **properties)
        except pika.exceptions.NackError:
            if mistake != "ignores-nack":
                raise
        notes.remove(waiting)
    scene.end()


def ship(scene):
    mistake, channel, notes = scene.mistake, scene.channel, Notes("subject.inbox")
    channel.queue_declare("shipments", durable=mistake != "not-durable")
    channel.basic_qos(prefetch_count=1)
    known = []

    def received(channel, method, properties, body):
        identity = properties.message_id or ""
        recognised = {"no-inbox": False, "by-mark": method.redelivered, "memory": identity in known}
        say("Got an order")
        if mistake == "acks-first":
            channel.basic_ack(method.delivery_tag)
            channel.connection.process_data_events(0)
        if not recognised.get(mistake, identity in notes.all()):
            if mistake == "notes-first":
                notes.add(identity)
            if mistake != "late-note":
                scene.work(body)
            say(f"Shipped {body.decode()}")
            if mistake == "late-note":
                scene.work(body)
            known.append(identity)
            if mistake != "notes-first":
                notes.add(identity)
        if mistake not in ("never-acks", "acks-first"):
            channel.basic_ack(method.delivery_tag)

    channel.basic_consume("shipments", received)
    channel.start_consuming()


run(order=order, ship=ship)
