"""What each step prints, with programs of two sides, `a` and `b`: `a` sends or asks, `b` receives or answers."""

import os
import tempfile

from library.programs import Program, Wrong, expect, wait_for_any

WAITING = " [*] Waiting for messages. To exit press CTRL+C"
LOGS = " [*] Waiting for logs. To exit press CTRL+C"


def sends(a, step, role, words, expected):
    """A producer prints exactly its messages, and exits with 0."""
    program = Program(a, step, role, *words)
    expect(program, program.finish(), expected)


def receives(program, expected):
    """A receiver has printed exactly this when Ctrl-C ends it."""
    program.count(len(expected))
    expect(program, program.interrupt(), expected)


def hello(a, b):
    sends(a, "hello", "send", ["before anybody listens"], [" [x] Sent 'before anybody listens'"])
    receiver = Program(b, "hello", "receive").until(WAITING)
    sends(a, "hello", "send", [], [" [x] Sent 'Hello World!'"])
    sends(a, "hello", "send", ["naïve – 你好 🐇 'quoted'"], [" [x] Sent 'naïve – 你好 🐇 'quoted''"])
    numbers = [f"{n} Hello World!" for n in range(3)]
    sends(a, "hello", "send", ["--count", "3"], [f" [x] Sent '{m}'" for m in numbers])
    messages = ["before anybody listens", "Hello World!", "naïve – 你好 🐇 'quoted'", *numbers]
    receives(receiver, [WAITING, *(f" [x] Received '{m}'" for m in messages)])


def worker(a, b):
    workers = [Program(b, "worker", "work").until(WAITING), Program(a, "worker", "work").until(WAITING)]
    tasks = [f"{n} Hello World!" for n in range(6)]
    sends(a, "worker", "new-task", ["--count", "6"], [f" [x] Sent '{task}'" for task in tasks])
    wait_for_any(workers, lambda outputs: sum(lines.count(" [x] Done") for lines in outputs) >= len(tasks))
    # A longer task for one of them, killed at it: the other gets it again.
    sends(a, "worker", "new-task", ["one second."], [" [x] Sent 'one second.'"])
    received = " [x] Received 'one second.'"
    wait_for_any(workers, lambda outputs: any(received in lines for lines in outputs))
    victim = next((w for w in workers if received in w.lines), None)
    if victim is None:
        raise Wrong(f"nobody received the long task: {[w.account() for w in workers]}")
    victim.kill()
    survivor = workers[1 - workers.index(victim)]
    survivor.until(received).wait(lambda lines: lines[-1] == " [x] Done", "the end of the long task")
    survivor.interrupt()
    seen = [w.lines[1:] for w in (victim, survivor)]
    done = []
    for w, lines in zip((victim, survivor), seen):
        lines = lines[: len(lines) - 1] if w is victim else lines
        names = lines[0::2]
        expect(w, lines, [line for name in names for line in (name, " [x] Done")])
        expect(w, names, sorted(names))
        done += names
    if not seen[0][:-1] or not seen[1][:-2]:
        raise Wrong(f"one worker did everything: {seen}")
    if sorted(done) != sorted([*(f" [x] Received '{task}'" for task in tasks), received]):
        raise Wrong(f"not every task was done once: {seen}")


def pubsub(a, b):
    receivers = [Program(side, "pubsub", "receive").until(LOGS) for side in (b, b, a)]
    sends(a, "pubsub", "emit", [], [" [x] Sent 'info: Hello World!'"])
    numbers = [f"{n} warning" for n in range(3)]
    sends(a, "pubsub", "emit", ["warning", "--count", "3"], [f" [x] Sent '{m}'" for m in numbers])
    for receiver in receivers:
        receives(receiver, [LOGS, *(f" [x] '{m}'" for m in ["info: Hello World!", *numbers])])
    sends(a, "pubsub", "emit", ["to nobody"], [" [x] Sent 'to nobody'"])


def selected(step, a, b, receivers, messages):
    """Steps 4 and 5: each receiver prints those of the messages that its keys select, in their order."""
    programs = [Program(b, step, "receive", *keys).until(LOGS) for keys, _ in receivers]
    lines = []
    for words, key, text in messages:
        lines.append(f"'{key}':'{text}'")
        sends(a, step, "emit", words, [f" [x] Sent {lines[-1]}"])
    for program, (_, wanted) in zip(programs, receivers):
        receives(program, [LOGS, *(f" [x] {lines[number]}" for number in wanted)])


def routing(a, b):
    messages = [
        ([], "info", "Hello World!"),
        (["error", "Run. Run. Or it will explode."], "error", "Run. Run. Or it will explode."),
        (["warning"], "warning", "Hello World!"),
        (["debug", "unheard"], "debug", "unheard"),
        (["error", "again"], "error", "again"),
    ]
    receivers = [(["error"], [1, 4]), (["info", "warning", "error"], [0, 1, 2, 4]), (["warning"], [2])]
    selected("routing", a, b, receivers, messages)


def topic(a, b):
    messages = [
        ([], "anonymous.info", "Hello World!"),
        (["kern.critical", "A critical kernel error"], "kern.critical", "A critical kernel error"),
        (["cron.warning"], "cron.warning", "Hello World!"),
        (["kern", "one word"], "kern", "one word"),
        (["auth.ssh.critical", "three words"], "auth.ssh.critical", "three words"),
        (["kern.info"], "kern.info", "Hello World!"),
    ]
    receivers = [
        (["#"], [0, 1, 2, 3, 4, 5]),
        (["kern.*"], [1, 5]),
        (["*.critical"], [1]),
        (["kern.#", "#.critical"], [1, 3, 4, 5]),
    ]
    selected("topic", a, b, receivers, messages)


def rpc(a, b):
    waiting = " [x] Awaiting RPC requests"
    server = Program(b, "rpc", "serve").until(waiting)
    asked = []

    def asks(words, question, answer):
        asked.append(question)
        client = Program(a, "rpc", "call", *words)
        # What has no result is no success either, though the server answered.
        seen = client.finish(status=1 if answer.endswith(": ") else 0)
        if answer.endswith(": "):  # the wording of an error is the server's own
            if len(seen) == 2 and seen[1].startswith(f" [.] Got {answer}"):
                seen[1] = f" [.] Got {answer}"
        expect(client, seen, [f" [x] Requesting fib({question})", f" [.] Got {answer}"])

    asks([], "30", "832040")
    asks(["0"], "0", "0")
    for question in ["-1", "abc", "1000000"]:
        asks([question], question, "error: ")
    asks(["90"], "90", "2880067194370816120")
    receives(server, [waiting, *(f" [.] fib({question})" for question in asked)])


def confirms(a, b):
    # Nobody has declared the queue.
    early = Program(a, "confirms", "publish", "too early")
    expect(early, early.finish(status=1), [" [x] Sent 'too early'", " [!] Returned 'too early'"])
    receiver = Program(b, "confirms", "receive").until(" [*] Waiting for orders. To exit press CTRL+C")
    publisher = Program(a, "confirms", "publish", "--count", "120")
    lines = publisher.finish()
    orders = [f"{n} Hello World!" for n in range(120)]
    # One by one or many at a time: each is confirmed once, after it was sent.
    for what in ("Sent", "Confirmed"):
        expect(publisher, [line for line in lines if what in line], [f" [x] {what} '{order}'" for order in orders])
    for order in orders:
        if lines.index(f" [x] Confirmed '{order}'") < lines.index(f" [x] Sent '{order}'"):
            raise Wrong(f"{publisher.name}: '{order}' was confirmed before it was sent")
    receives(receiver, [receiver.lines[0], *(f" [x] Received '{order}'" for order in orders)])


def headers(a, b):
    receivers = [
        (["all", "format=pdf", "type=report"], [0]),
        (["any", "format=pdf", "type=report"], [0, 1, 3]),
        (["all", "x-team=blue", "type=log"], [1, 2]),
        (["all", "format="], [4]),
    ]
    messages = [
        ["format=pdf", "type=report"], ["format=pdf", "type=log"], ["type=log", "x-team=red"],
        ["type=report", "format=zip"], ["format=", "a=b=c"],
    ]  # fmt: skip
    programs = [Program(b, "headers", "receive", *words).until(LOGS) for words, _ in receivers]
    lines = [f"'{', '.join(words)}':'naïve 🐇'" for words in messages]
    for words, line in zip(messages, lines):
        sends(a, "headers", "emit", [*words, "naïve 🐇"], [f" [x] Sent {line}"])
    sends(a, "headers", "emit", [], [" [x] Sent '':'Hello World!'"])
    for program, (_, wanted) in zip(programs, receivers):
        receives(program, [LOGS, *(f" [x] {lines[number]}" for number in wanted)])


def retry(a, b):
    worker = Program(b, "retry", "work").until(" [*] Waiting for jobs. To exit press CTRL+C")
    sends(a, "retry", "new-task", ["Boom!"], [" [x] Sent 'Boom!'"])
    sends(a, "retry", "new-task", [], [" [x] Sent 'Hello World'"])
    first, second, third = (
        [" [x] Received 'Boom!'", f" [!] Attempt {n} failed{': parked' if n == 3 else ''}"] for n in (1, 2, 3)
    )
    good = [" [x] Received 'Hello World'", " [x] Done"]
    receives(worker, [worker.lines[0], *first, *good, *second, *third])
    # What one language has parked, the other can read.
    undertaker = Program(a, "retry", "dead")
    receives(undertaker, [
        " [*] Waiting for dead jobs. To exit press CTRL+C",
        " [x] Dead after 3 attempts: 'Boom!' (there is a '!' in it)",
    ])  # fmt: skip


def quorum(a, b):
    waiting = " [*] Waiting for payments. To exit press CTRL+C"
    worker = Program(b, "quorum", "work").until(waiting)
    sends(a, "quorum", "new-task", ["Boom!"], [" [x] Confirmed 'Boom!'"])
    lives = [[f" [x] Received 'Boom!'{failures}", " [!] Crashed", waiting] for failures in ("", " (failures: 1)", " (failures: 2)")]
    worker.count(1 + sum(map(len, lives)))
    sends(a, "quorum", "new-task", ["--count", "2"], [" [x] Confirmed '0 Hello World'", " [x] Confirmed '1 Hello World'"])
    good = [line for n in range(2) for line in (f" [x] Received '{n} Hello World'", " [x] Paid")]
    receives(worker, [waiting, *lives[0], *lives[1], *lives[2], *good])
    # What the broker put aside for one language, the other can read.
    undertaker = Program(a, "quorum", "dead")
    receives(undertaker, [" [*] Waiting for dead payments. To exit press CTRL+C", " [x] Dead: 'Boom!' (delivery_limit)"])
def order(a, b):
    def received(what, again=""):
        return [f" [x] Received{again} {what}", " [x] Done"]

    # Of two workers on a queue the first is active; the other stands by, whatever language it is written in.
    leaver = Program(b, "order", "work", "1", "--leave", "2").until(WAITING)
    standby = Program(a, "order", "work", "1").until(WAITING)
    other = Program(b, "order", "work", "2").until(WAITING)
    ann = [f"'ann':'{n} deposit'" for n in range(4)]
    sends(a, "order", "emit", ["ann", "deposit", "--count", "4"], [f" [x] Sent {message}" for message in ann])
    sends(a, "order", "emit", ["bob"], [" [x] Sent 'bob':'Hello World!'"])
    left = [f" [x] Received {ann[1]}", " [!] Left before it was done"]
    expect(leaver, leaver.finish(), [WAITING, *received(ann[0]), *left])
    receives(standby, [WAITING, *received(ann[1], " again"), *received(ann[2]), *received(ann[3])])
    receives(other, [WAITING, *received("'bob':'Hello World!'")])


def inbox(a, b):
    def shipped(order):
        return [f" [x] Received '{order}'", " [x] Shipped", " [x] Acknowledged"]

    def known(order):
        return [f" [x] Received '{order}'", " [!] Shipped before", " [x] Acknowledged"]

    def done(what, *orders):
        return [f" [x] {what} '{order}'" for order in orders]

    waiting = " [*] Waiting for orders. To exit press CTRL+C"
    chair = "A 'chair' \\n 🐇"
    # Both sides use the same files: what one has left in them, the other goes on with.
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ORDERS_FOLDER"] = folder
        sends(a, "inbox", "order", [chair, "--crash", "committed"], [*done("Committed", chair), " [!] Crashed"])
        crash = ["A table", "--crash", "confirmed"]
        sends(b, "inbox", "order", crash, [*done("Committed", "A table"), *done("Confirmed", chair), " [!] Crashed"])
        sent = [*done("Committed", "A lamp"), *done("Confirmed", chair, "A table", "A lamp")]
        sends(a, "inbox", "order", ["A lamp"], sent)
        # Once without an ack, then again, and twice published: it is shipped once.
        sends(b, "inbox", "ship", ["--crash", "shipped"], [waiting, *shipped(chair)[:2], " [!] Crashed"])
        receives(Program(a, "inbox", "ship"), [waiting, *known(chair), *known(chair), *shipped("A table"), *shipped("A lamp")])
        sends(b, "inbox", "order", [], [*done("Committed", "Hello World!"), *done("Confirmed", "Hello World!")])
        receives(Program(b, "inbox", "ship"), [waiting, *shipped("Hello World!")])


def stream(a, b):
    waiting = " [*] Waiting for news. To exit press CTRL+C"
    sends(a, "stream", "publish", ["--count", "8", "Goal"], [f" [x] Confirmed '{n} Goal'" for n in range(8)])
    goals = [f" [x] {n}: '{n} Goal'" for n in range(8)]
    follower = Program(b, "stream", "read", "next").until(waiting)
    receives(Program(b, "stream", "read"), [waiting, *goals])
    receives(Program(a, "stream", "read", "6"), [waiting, *goals[6:]])
    sends(a, "stream", "publish", [], [" [x] Confirmed 'Hello World!'"])
    receives(follower, [waiting, " [x] 8: 'Hello World!'"])


STEPS = {
    "hello": hello, "worker": worker, "pubsub": pubsub, "routing": routing, "topic": topic, "rpc": rpc,
    "confirms": confirms, "headers": headers, "retry": retry, "quorum": quorum, "stream": stream, "order": order,
    "inbox": inbox,
}  # fmt: skip
