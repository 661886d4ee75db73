from scene import run


def send(scene):
    if scene.fault != "undeclared":
        scene.channel.queue_declare("hello")
    scene.publish("", "helo" if scene.fault == "misspelt" else "hello", b"Hello")
    scene.end()


def receive(scene):
    fault = scene.fault
    if fault != "undeclared":
        scene.channel.queue_declare("hello")

    def received(channel, method, properties, body):
        if fault in ("right-acks", "both-acks", "acks-twice"):
            channel.basic_ack(method.delivery_tag)
        if fault == "acks-twice":
            channel.basic_ack(method.delivery_tag)

    scene.channel.basic_consume("hello", received, auto_ack=fault in ("right", "undeclared", "both-acks"))
    scene.channel.start_consuming()


run(send=send, receive=receive)
