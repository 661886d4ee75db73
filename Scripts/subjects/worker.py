import time

from scene import run


def new_task(scene):
    channel, mistake = scene.channel, scene.mistake
    channel.queue_declare("task_queue", durable=mistake != "not-durable")
    exchange = ""
    if mistake == "right-exchange":
        exchange = "tasks"
        channel.exchange_declare(exchange, "direct", durable=True)
        channel.queue_bind("task_queue", exchange, "task_queue")
    properties = {} if mistake == "transient" else {"delivery_mode": 2}
    scene.publish(exchange, "task_queue", b"A task.", **properties)
    scene.end()


def work(scene):
    channel, mistake = scene.channel, scene.mistake
    if mistake == "right-channels":
        # Its number is used again, and the tags begin anew.
        number = channel.channel_number
        channel.queue_declare("task_queue", durable=True)
        channel.close()
        channel = scene.connection.channel(number)
    if mistake == "right-greets":
        scene.publish("", "status", b"online")
    single = {"x-single-active-consumer": True} if mistake == "single" else {}
    channel.queue_declare("task_queue", durable=mistake != "not-durable", arguments=single)
    if mistake == "right-gets":
        get(scene)
    limited = scene.connection.channel() if mistake == "other-channel" else channel
    if mistake not in ("no-prefetch", "late-prefetch"):
        limited.basic_qos(prefetch_count=1)

    def received(channel, method, properties, body):
        if mistake == "skips-redelivered" and method.redelivered:
            # One that was handed out before is taken for done.
            return channel.basic_ack(method.delivery_tag)
        if mistake == "acks-first":
            channel.basic_ack(method.delivery_tag)
            scene.connection.process_data_events(0)
        scene.work(body)
        if mistake in ("acks-first", "never-acks", "automatic"):
            return
        if mistake == "rejects":
            return channel.basic_reject(method.delivery_tag, requeue=False)
        channel.basic_ack(method.delivery_tag, multiple=mistake == "right-multiple")
        if mistake == "acks-twice":
            channel.basic_ack(method.delivery_tag)

    channel.basic_consume("task_queue", received, auto_ack=mistake == "automatic", exclusive=mistake == "exclusive")
    if mistake == "late-prefetch":
        channel.basic_qos(prefetch_count=1)
    channel.start_consuming()


def get(scene):
    while True:
        method, _, body = scene.channel.basic_get("task_queue")
        if method:
            scene.work(body)
            scene.channel.basic_ack(method.delivery_tag)
        else:
            time.sleep(0.01)


run(new_task=new_task, work=work)
