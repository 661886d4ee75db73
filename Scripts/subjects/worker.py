import time

from scene import run


def new_task(scene):
    channel, fault = scene.channel, scene.fault
    channel.queue_declare("task_queue", durable=fault != "not-durable")
    exchange = ""
    if fault == "right-exchange":
        exchange = "tasks"
        channel.exchange_declare(exchange, "direct", durable=True)
        channel.queue_bind("task_queue", exchange, "task_queue")
    properties = {} if fault == "transient" else {"delivery_mode": 2}
    scene.publish(exchange, "task_queue", b"A task.", **properties)
    scene.end()


def work(scene):
    channel, fault = scene.channel, scene.fault
    if fault == "right-channels":
        # Its number is used again, and the tags begin anew.
        number = channel.channel_number
        channel.queue_declare("task_queue", durable=True)
        channel.close()
        channel = scene.connection.channel(number)
    if fault == "right-greets":
        scene.publish("", "status", b"online")
    single = {"x-single-active-consumer": True} if fault == "single" else {}
    channel.queue_declare("task_queue", durable=fault != "not-durable", arguments=single)
    if fault == "right-gets":
        get(scene)
    limited = scene.connection.channel() if fault == "other-channel" else channel
    if fault not in ("no-prefetch", "late-prefetch"):
        limited.basic_qos(prefetch_count=1)

    def received(channel, method, properties, body):
        if fault == "skips-redelivered" and method.redelivered:
            # One that was handed out before is taken for done.
            return channel.basic_ack(method.delivery_tag)
        if fault == "acks-first":
            channel.basic_ack(method.delivery_tag)
            scene.connection.process_data_events(0)
        scene.work(body)
        if fault in ("acks-first", "never-acks", "automatic"):
            return
        if fault == "rejects":
            return channel.basic_reject(method.delivery_tag, requeue=False)
        channel.basic_ack(method.delivery_tag, multiple=fault == "right-multiple")
        if fault == "acks-twice":
            channel.basic_ack(method.delivery_tag)

    channel.basic_consume("task_queue", received, auto_ack=fault == "automatic", exclusive=fault == "exclusive")
    if fault == "late-prefetch":
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
