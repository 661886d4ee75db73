import uuid

from scene import run, say


def emit(scene):
    fault, channel, account = scene.fault, scene.channel, scene.words[0]
    if fault != "to-queue":
        exchange_type = "direct" if fault == "wrong-type" else "x-consistent-hash"
        arguments = {"hash-header": "account"} if fault == "right-header" else {}
        channel.exchange_declare("accounts", exchange_type, durable=True, arguments=arguments)
    keys = {"no-key": "", "random-key": uuid.uuid4().hex, "right-header": "deposit", "to-queue": "accounts.1"}
    headers = {"headers": {"account": account}} if fault == "right-header" else {}
    scene.publish("" if fault == "to-queue" else "accounts", keys.get(fault, account), b"Hello", delivery_mode=2, **headers)
    scene.end()


def work(scene):
    fault, channel = scene.fault, scene.channel
    channel.exchange_declare("accounts", "x-consistent-hash", durable=True)
    arguments = {} if fault == "shared" else {"x-single-active-consumer": True}
    channel.queue_declare("accounts.1", durable=True, exclusive=fault == "exclusive", arguments=arguments)
    channel.queue_bind("accounts.1", "accounts", "1")
    channel.basic_qos(prefetch_count=50 if fault == "right-prefetch" else 1)

    def received(channel, method, properties, body):
        say(body.decode())
        if fault != "never-acks":
            channel.basic_ack(method.delivery_tag)

    channel.basic_consume("accounts.1", received)
    channel.start_consuming()


run(emit=emit, work=work)
