from scene import run


def declare(scene):
    """A failed job waits for a moment only: nobody is to wait for the tests."""
    to_retry = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.retry"}
    back = {"x-message-ttl": 20, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs"}
    arguments = {} if scene.fault == "no-dead-letters" else to_retry
    scene.channel.queue_declare("jobs", durable=scene.fault != "not-durable", arguments=arguments)
    scene.channel.queue_declare("jobs.retry", durable=True, arguments=back)
    scene.channel.queue_declare("jobs.dead", durable=True)


def new_task(scene):
    declare(scene)
    properties = {} if scene.fault == "transient" else {"delivery_mode": 2}
    scene.publish("", "jobs", b"A job", **properties)
    scene.end()


def work(scene):
    declare(scene)
    scene.channel.basic_qos(prefetch_count=1)
    scene.channel.confirm_delivery()

    def received(channel, method, properties, body):
        deaths = (properties.headers or {}).get("x-death", [])
        rejections = next((death["count"] for death in deaths if death["reason"] == "rejected"), 0)
        if b"!" not in body or scene.fault == "drops":
            channel.basic_ack(method.delivery_tag)
        elif scene.fault == "requeues":
            channel.basic_nack(method.delivery_tag, requeue=True)
        elif scene.fault == "for-ever" or rejections < 2:
            channel.basic_reject(method.delivery_tag, requeue=False)
        else:
            channel.basic_publish("", "jobs.dead", body, properties, mandatory=True)
            channel.basic_ack(method.delivery_tag)

    scene.channel.basic_consume("jobs", received)
    scene.channel.start_consuming()


run(new_task=new_task, work=work)
