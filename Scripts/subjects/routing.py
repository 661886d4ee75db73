from logs import logs


def emitted(scene):
    severity = scene.words[0]
    return {"no-key": "", "fixed": "info", "whole-text": f"{severity}: Hello"}.get(scene.mistake, severity)


def received(scene):
    words, mistake = scene.words, scene.mistake
    other = {"joined": [" ".join(words)], "first-only": words[:1], "last-only": words[-1:], "no-key": [""], "filters": ["#"]}
    other["one-more"] = [*words, "critical"]
    keys = other.get(mistake, words)
    return keys, "topic" if mistake == "filters" else None


logs("direct", "direct_logs", emitted, received)
