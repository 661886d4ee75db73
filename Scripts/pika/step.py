"""What the six steps share: where the broker is, lines written at once, Ctrl-C, the words on the command line."""

import os
import signal
import sys

import pika

ADDRESS = "amqp://guest:guest@localhost:5672/"


def say(line):
    print(line, flush=True)


def fail(reason):
    print(reason, file=sys.stderr)
    sys.exit(1)


def connect():
    address = os.environ.get("AMQP_URL") or ADDRESS
    try:
        return pika.BlockingConnection(pika.URLParameters(address))
    except pika.exceptions.AMQPConnectionError:
        fail(f"No broker answers at {address}: start one with  swift run broker  or name one in AMQP_URL.")


def numbered(message, count):
    """One message as it is, or `count` of them with their numbers in front."""
    return [message] if count is None else [f"{number} {message}" for number in range(count)]


def text(body):
    return body.decode("utf-8", "replace")


def consume(connection, channel, waiting):
    """Says that it waits, and hands over messages until Ctrl-C, which is the normal way out: exit status 0."""
    # A shell starts background processes with SIGINT ignored; Ctrl-C has to work there too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    say(waiting)
    try:
        channel.start_consuming()
    except KeyboardInterrupt:
        connection.close()


def run(roles):
    """Calls the role named by the first word with the words after it; `--count N` may be among them."""
    program, *words = sys.argv
    usage = f"Usage: {os.path.basename(program)} " + " | ".join(f"{name} {role.__doc__}".strip() for name, role in roles.items())
    if not words or words[0] not in roles:
        fail(usage)
    role, words, count = roles[words[0]], words[1:], None
    if "--count" in words:
        at = words.index("--count")
        number = "".join(words[at + 1 : at + 2])
        if not number.isdecimal():
            fail(f"--count takes a number, not '{number}'.\n{usage}")
        count = int(number)
        del words[at : at + 2]
    if not role.__doc__ and (words or count is not None):
        fail(usage)
    role(words, count)
