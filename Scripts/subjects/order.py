import time
import uuid

from scene import pika, run, say


def emit(scene):
    mistake, channel, account = scene.mistake, scene.channel, scene.words[0]
    if mistake != "to-queue":
        exchange_type = "direct" if mistake == "wrong-type" else "x-consistent-hash"
        arguments = {"hash-header": "account"} if mistake == "right-header" else {}
        channel.exchange_declare("accounts", exchange_type, durable=True, arguments=arguments)
    if mistake in ("resends-last", "right-resends"):
        emit_three(scene, account)
        return scene.end()
    keys = {"no-key": "", "random-key": uuid.uuid4().hex, "right-header": "deposit", "to-queue": "accounts.1"}
    headers = {"headers": {"account": account}} if mistake == "right-header" else {}
    scene.publish("" if mistake == "to-queue" else "accounts", keys.get(mistake, account), b"Hello", delivery_mode=2, **headers)
    scene.end()


def emit_three(scene, account):
    """What the broker refuses is sent again: at once, or when all the others are sent."""
    scene.channel.confirm_delivery()
    texts = [f"Hello {number}" for number in range(1, 4)]
    while texts:
        text = texts.pop(0)
        try:
            scene.publish("accounts", account, text.encode(), delivery_mode=2)
        except pika.exceptions.NackError:
            texts.insert(len(texts) if scene.mistake == "resends-last" else 0, text)


def work(scene):
    mistake, channel = scene.mistake, scene.channel
    channel.exchange_declare("accounts", "x-consistent-hash", durable=True)
    arguments = {} if mistake in ("shared", "right-exclusive", "right-standby") else {"x-single-active-consumer": True}
    channel.queue_declare("accounts.1", durable=True, exclusive=mistake == "exclusive", arguments=arguments)
    channel.queue_bind("accounts.1", "accounts", "1")
    channel.basic_qos(prefetch_count=50 if mistake == "right-prefetch" else 1)

    def received(channel, method, properties, body):
        # One that was handed out before is taken for done, or is to hold up nobody.
        if method.redelivered and mistake in ("skips-redelivered", "requeues-behind"):
            if mistake == "requeues-behind":
                scene.publish("", "accounts.1", body, delivery_mode=2)
            return channel.basic_ack(method.delivery_tag)
        if mistake == "acks-first":
            channel.basic_ack(method.delivery_tag)
            channel.connection.process_data_events(0)
        scene.work(body)
        say(body.decode())
        if mistake not in ("never-acks", "acks-first"):
            channel.basic_ack(method.delivery_tag)

    if mistake == "right-standby":
        stand_by(scene, received)
    channel.basic_consume("accounts.1", received, exclusive=mistake == "right-exclusive")
    channel.start_consuming()


def stand_by(scene, received):
    """Tries again and again to be the only one."""
    while True:
        channel = scene.connection.channel()
        try:
            channel.basic_qos(prefetch_count=1)
            channel.basic_consume("accounts.1", received, exclusive=True)
            channel.start_consuming()
        except pika.exceptions.ChannelClosedByBroker as closed:
            if closed.reply_code != 403:
                raise
            time.sleep(0.05)


run(emit=emit, work=work)
