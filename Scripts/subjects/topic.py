from logs import logs


def emitted(scene):
    words = scene.words[0]
    return {"no-key": "", "fixed": "anonymous.info", "slashes": words.replace(".", "/")}.get(scene.mistake, words)


def received(scene):
    words = scene.words
    return {"first-only": words[:1], "filters": ["#"]}.get(scene.mistake, words), None


logs("topic", "topic_logs", emitted, received)
