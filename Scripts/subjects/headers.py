from scene import run, say


def table(words):
    return dict(word.split("=", 1) for word in words)


def emit(scene):
    mistake, words = scene.mistake, scene.words
    to_queue = mistake == "to-queue"
    if not to_queue:
        scene.channel.exchange_declare("headers_logs", "direct" if mistake == "wrong-type" else "headers")
    if mistake == "half":
        words = words[:1]
    headers, key = ({}, ".".join(words)) if mistake == "no-headers" else ({"headers": table(words)}, "")
    scene.publish("" if to_queue else "headers_logs", key, b"Hello", **headers)
    scene.end()


def receive(scene):
    channel, mistake, words = scene.channel, scene.mistake, scene.words
    channel.exchange_declare("headers_logs", "direct" if mistake == "wrong-type" else "headers")
    shared = mistake == "shared"
    queue = channel.queue_declare("headers_queue" if shared else "", exclusive=not shared).method.queue
    if mistake == "half":
        words = words[:2]
    match = {} if mistake == "no-match" else {"x-match": "any" if mistake == "any-for-all" else words[0]}
    if mistake == "one-more":
        match["colour"] = "red"
    if mistake == "by-key":
        channel.queue_bind(queue, "headers_logs", words[1])
    else:
        channel.queue_bind(queue, "headers_logs", "", arguments=table(words[1:]) | match)
    channel.basic_consume(queue, lambda channel, method, properties, body: say(body.decode()), auto_ack=True)
    channel.start_consuming()


run(emit=emit, receive=receive)
