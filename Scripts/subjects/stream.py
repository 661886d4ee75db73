from scene import Notes, pika, run, say


def declare(scene):
    arguments = {} if scene.mistake == "classic" else {"x-queue-type": "stream", "x-max-age": "7D"}
    if scene.mistake == "unlimited":
        del arguments["x-max-age"]
    scene.channel.queue_declare("ticker", durable=True, arguments=arguments)


def publish(scene):
    declare(scene)
    if scene.mistake in ("right-confirms", "ignores-nack"):
        scene.channel.confirm_delivery()
    elif scene.mistake == "no-wait":
        # A blocking channel waits for each confirm: select them behind its back.
        scene.channel._impl.confirm_delivery(lambda frame: None)
    try:
        scene.publish("", "ticker", b"News", delivery_mode=2)
    except pika.exceptions.NackError:
        if scene.mistake != "ignores-nack":
            raise
    scene.end()


def read(scene):
    mistake, channel, notes = scene.mistake, scene.channel, Notes("subject.read")
    declare(scene)
    if mistake != "no-prefetch":
        channel.basic_qos(prefetch_count=2 if mistake == "keeps-credit" else 5)

    def received(channel, method, properties, body):
        number = str((properties.headers or {}).get("x-stream-offset", 0))
        # It has read that before, and forgets that it was handed out again.
        if mistake == "keeps-credit" and number in notes.all():
            return
        if mistake == "offset-first":
            notes.add(number)
        scene.work(body)
        say(f"{number}: {body.decode()}")
        if mistake in ("right-keeps", "keeps-credit"):
            notes.add(number)
        if mistake != "never-acks":
            channel.basic_ack(method.delivery_tag)

    offset = scene.words[-1] if scene.words else "first"
    if mistake == "from-next":
        offset = "next"
    # Behind the last that is done.
    if mistake in ("right-keeps", "offset-first") and notes.all():
        offset = int(notes.all()[-1]) + 1
    arguments = {} if mistake == "no-offset" else {"x-stream-offset": offset}
    channel.basic_consume("ticker", received, auto_ack=mistake == "automatic", arguments=arguments)
    channel.start_consuming()


run(publish=publish, read=read)
