from scene import run


def new_task(scene):
    scene.channel.queue_declare("task_queue", durable=scene.fault != "not-durable")
    properties = {} if scene.fault == "transient" else {"delivery_mode": 2}
    scene.publish("", "task_queue", b"A task.", **properties)
    scene.end()


def work(scene):
    channel, fault = scene.channel, scene.fault
    channel.queue_declare("task_queue", durable=fault != "not-durable")
    if fault not in ("no-prefetch", "late-prefetch"):
        channel.basic_qos(prefetch_count=1)

    def received(channel, method, properties, body):
        if fault == "acks-first":
            channel.basic_ack(method.delivery_tag)
            scene.connection.process_data_events(0)
        scene.work(body)
        if fault in ("acks-first", "never-acks", "automatic"):
            return
        channel.basic_ack(method.delivery_tag)
        if fault == "acks-twice":
            channel.basic_ack(method.delivery_tag)

    channel.basic_consume("task_queue", received, auto_ack=fault == "automatic")
    if fault == "late-prefetch":
        channel.basic_qos(prefetch_count=1)
    channel.start_consuming()


run(new_task=new_task, work=work)
