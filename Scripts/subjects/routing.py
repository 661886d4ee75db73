from logs import logs


def emitted(scene):
    severity = scene.words[0]
    return {"no-key": "", "fixed": "info", "whole-text": f"{severity}: Hello"}.get(scene.fault, severity)


def received(scene):
    words, fault = scene.words, scene.fault
    other = {"joined": [" ".join(words)], "first-only": words[:1], "last-only": words[-1:], "no-key": [""], "filters": ["#"]}
    other["one-more"] = [*words, "critical"]
    keys = other.get(fault, words)
    return keys, "topic" if fault == "filters" else None


logs("direct", "direct_logs", emitted, received)
