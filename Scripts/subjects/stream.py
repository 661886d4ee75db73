from scene import Notes, pika, run, say


def declare(scene):
    arguments = {} if scene.fault == "classic" else {"x-queue-type": "stream", "x-max-age": "7D"}
    if scene.fault == "unlimited":
        del arguments["x-max-age"]
    scene.channel.queue_declare("ticker", durable=True, arguments=arguments)


def publish(scene):
    declare(scene)
    if scene.fault in ("right-confirms", "ignores-nack"):
        scene.channel.confirm_delivery()
    elif scene.fault == "no-wait":
        # A blocking channel waits for each confirm: select them behind its back.
        scene.channel._impl.confirm_delivery(lambda frame: None)
    try:
        scene.publish("", "ticker", b"News", delivery_mode=2)
    except pika.exceptions.NackError:
        if scene.fault != "ignores-nack":
            raise
    scene.end()


def read(scene):
    fault, channel, notes = scene.fault, scene.channel, Notes("subject.read")
    declare(scene)
    if fault != "no-prefetch":
        channel.basic_qos(prefetch_count=2 if fault == "keeps-credit" else 5)

    def received(channel, method, properties, body):
        number = str((properties.headers or {}).get("x-stream-offset", 0))
        # It has read that before, and forgets that it was handed out again.
        if fault == "keeps-credit" and number in notes.all():
            return
        if fault == "offset-first":
            notes.add(number)
        scene.work(body)
        say(f"{number}: {body.decode()}")
        if fault in ("right-keeps", "keeps-credit"):
            notes.add(number)
        if fault != "never-acks":
            channel.basic_ack(method.delivery_tag)

    offset = scene.words[-1] if scene.words else "first"
    if fault == "from-next":
        offset = "next"
    # Behind the last that is done.
    if fault in ("right-keeps", "offset-first") and notes.all():
        offset = int(notes.all()[-1]) + 1
    arguments = {} if fault == "no-offset" else {"x-stream-offset": offset}
    channel.basic_consume("ticker", received, auto_ack=fault == "automatic", arguments=arguments)
    channel.start_consuming()


run(publish=publish, read=read)
