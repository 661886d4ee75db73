import uuid

from scene import Notes, pika, run, say


def order(scene):
    fault, channel, notes = scene.fault, scene.channel, Notes("subject.outbox")
    channel.queue_declare("shipments", durable=True)
    if fault != "no-select":
        channel.confirm_delivery()
    identity = "order" if fault == "same-id" else uuid.uuid4().hex
    if fault != "no-outbox":
        notes.add(identity)
    for waiting in [identity] if fault == "no-outbox" else notes.all():
        shown = uuid.uuid4().hex if fault == "new-id" else waiting
        properties = {} if fault == "no-id" else {"message_id": shown}
        if fault == "crosses-first":
            notes.remove(waiting)
        try:
            scene.publish("", "shipments", b"An order", delivery_mode=1 if fault == "transient" else 2, **properties)
        except pika.exceptions.NackError:
            if fault != "ignores-nack":
                raise
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
        if fault == "acks-first":
            channel.basic_ack(method.delivery_tag)
            channel.connection.process_data_events(0)
        if not recognised.get(fault, identity in notes.all()):
            if fault == "notes-first":
                notes.add(identity)
            if fault != "late-note":
                scene.work(body)
            say(f"Shipped {body.decode()}")
            if fault == "late-note":
                scene.work(body)
            known.append(identity)
            if fault != "notes-first":
                notes.add(identity)
        if fault not in ("never-acks", "acks-first"):
            channel.basic_ack(method.delivery_tag)

    channel.basic_consume("shipments", received)
    channel.start_consuming()


run(order=order, ship=ship)
