"""Steps 3, 4 and 5: the same programs but for the type of the exchange and the keys."""

import uuid

from scene import run, say


def emit(scene, name, kind, key, text):
    to_queue = scene.mistake == "to-queue"
    if scene.mistake != "undeclared" and not to_queue:
        scene.channel.exchange_declare(name, kind, durable=scene.mistake == "durable")
    scene.publish("" if to_queue else name, name if to_queue else key, text.encode())
    scene.end()


def declare(channel, name, mistake):
    if mistake == "right-expires":
        return channel.queue_declare(f"{name}-{uuid.uuid4()}", arguments={"x-expires": 60_000})
    if mistake == "right-auto-delete":
        return channel.queue_declare("", auto_delete=True)
    shared = mistake == "shared"
    return channel.queue_declare(f"{name}_queue" if shared else "", exclusive=not shared and mistake != "lasting")


def receive(scene, name, kind, keys):
    channel, mistake = scene.channel, scene.mistake
    channel.exchange_declare(name, kind)
    queues = []
    for key in keys:
        if not queues or mistake == "queue-each":
            declared = declare(channel, name, mistake)
            queues.append(declared.method.queue)
        if mistake not in ("unbound", "late"):
            channel.queue_bind(queues[-1], name, key)

    def received(channel, method, properties, body):
        say(body.decode())

    for queue in queues:
        channel.basic_consume(queue, received, auto_ack=True)
    if mistake == "late":
        for key in keys:
            channel.queue_bind(queues[0], name, key)
    channel.start_consuming()


def logs(kind, name, emitted, received):
    """`emitted` gives the key for a scene, `received` the binding keys and the type of the exchange."""

    def emitter(scene):
        wrong = "direct" if kind != "direct" else "fanout"
        emit(scene, name, wrong if scene.mistake == "wrong-type" else kind, emitted(scene), "info: Hello")

    def receiver(scene):
        wrong = "direct" if kind != "direct" else "fanout"
        keys, other = received(scene)
        receive(scene, name, wrong if scene.mistake == "wrong-type" else other or kind, keys)

    run(emit=emitter, receive=receiver)
