from scene import run, say


def declare(scene):
    """A failed job waits for a moment only: nobody is to wait for the tests."""
    mistake, channel = scene.mistake, scene.channel
    to_retry = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.retry"}
    back = {"x-message-ttl": 20, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs"}
    if mistake == "right-hour":
        back["x-message-ttl"] = 3_600_000
    without = mistake in ("no-dead-letters", "right-back-off", "at-once")
    channel.queue_declare("jobs", durable=mistake != "not-durable", arguments={} if without else to_retry)
    channel.queue_declare("jobs.retry", durable=True, arguments=back)
    if mistake == "right-back-off":
        for seconds in (10, 60):
            channel.queue_declare(f"jobs.wait.{seconds}", durable=True, arguments=back | {"x-message-ttl": seconds * 1000})
    week = {"x-message-ttl": 7 * 86_400_000}
    channel.queue_declare("jobs.dead", durable=True, arguments=week if mistake == "right-dead-ttl" else {})


def new_task(scene):
    declare(scene)
    properties = {} if scene.mistake == "transient" else {"delivery_mode": 2}
    scene.publish("", "jobs", b"A job", **properties)
    scene.end()


def attempts_before(properties):
    headers = properties.headers or {}
    rejected = (death["count"] for death in headers.get("x-death", []) if death["reason"] == "rejected")
    return headers.get("attempts", next(rejected, 0))


def work(scene):
    declare(scene)
    mistake = scene.mistake
    scene.channel.basic_qos(prefetch_count=2 if mistake == "keeps" else 1)
    scene.channel.confirm_delivery()

    def received(channel, method, properties, body):
        before = attempts_before(properties)

        def send(queue, body=body):
            properties.headers = {**(properties.headers or {}), "attempts": before + 1}
            if mistake == "acks-first":
                channel.basic_ack(method.delivery_tag)
                return channel.basic_publish("", queue, body, properties)
            if "other-connection" in mistake:
                other = scene.connect()
                elsewhere = other.channel()
                if mistake == "right-other-connection":
                    elsewhere.confirm_delivery()
                elsewhere.basic_publish("", queue, body, properties, mandatory=mistake.startswith("right"))
                channel.basic_ack(method.delivery_tag)
                return other.close()
            channel.basic_publish("", queue, body, properties, mandatory=True)
            channel.basic_ack(method.delivery_tag)

        if b"!" not in body and mistake in ("parks-all", "keeps"):
            if mistake == "parks-all":
                send("jobs.dead")
        elif b"!" not in body or mistake == "drops":
            channel.basic_ack(method.delivery_tag)
        elif mistake == "requeues":
            channel.basic_nack(method.delivery_tag, requeue=True)
        elif mistake == "parks" or mistake != "for-ever" and before >= 2:
            send("jobs.dead", b"a job" if mistake == "mangles" else body)
        elif mistake == "at-once":
            send("jobs")
        elif mistake == "right-back-off":
            send(f"jobs.wait.{(10, 60)[before]}")
        else:
            channel.basic_reject(method.delivery_tag, requeue=False)

    scene.channel.basic_consume("jobs", received)
    scene.channel.start_consuming()


def dead(scene):
    declare(scene)

    def received(channel, method, properties, body):
        say(body.decode())
        channel.basic_ack(method.delivery_tag)

    scene.channel.basic_consume("jobs.dead", received)
    scene.channel.start_consuming()


run(new_task=new_task, work=work, dead=dead)
