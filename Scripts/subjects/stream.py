from scene import run


def declare(scene):
    arguments = {} if scene.fault == "classic" else {"x-queue-type": "stream", "x-max-age": "7D"}
    if scene.fault == "unlimited":
        del arguments["x-max-age"]
    scene.channel.queue_declare("ticker", durable=True, arguments=arguments)


def publish(scene):
    declare(scene)
    scene.publish("", "ticker", b"News", delivery_mode=2)
    scene.end()


def read(scene):
    fault, channel = scene.fault, scene.channel
    declare(scene)
    if fault != "no-prefetch":
        channel.basic_qos(prefetch_count=5)

    def received(channel, method, properties, body):
        if fault != "never-acks":
            channel.basic_ack(method.delivery_tag)

    offset = scene.words[-1] if scene.words else "first"
    arguments = {} if fault == "no-offset" else {"x-stream-offset": offset}
    channel.basic_consume("ticker", received, auto_ack=fault == "automatic", arguments=arguments)
    channel.start_consuming()


run(publish=publish, read=read)
