"""Shared by the steps: where the broker is, lines written at once, Ctrl-C, the words on the command line."""

import os
import signal
import sys
import time

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


def consume(connection, waiting):
    """Says that it waits, and hands over messages until Ctrl-C, which is the normal way out: exit status 0."""
    # A KeyboardInterrupt in the middle of pika's own work (an ack on its way, for one) would leave the connection in
    # no state to be closed. So Ctrl-C only leaves a note, which is read between two messages.
    stop = []
    signal.signal(signal.SIGINT, lambda number, frame: stop.append(number))
    say(waiting)
    while not stop:
        connection.process_data_events(time_limit=0.1)
    connection.close()


def serve(begin, waiting, crash=()):
    """Like `consume`, by a client that comes back: after each loss of its connection, and each `crash`, it connects and
    calls `begin` with a new channel."""
    stop = []
    signal.signal(signal.SIGINT, lambda number, frame: stop.append(number))
    connection = connect()
    while not stop:
        try:
            if connection is None:
                connection = pika.BlockingConnection(pika.URLParameters(os.environ.get("AMQP_URL") or ADDRESS))
            begin(connection.channel())
            say(waiting)
            while not stop:
                connection.process_data_events(time_limit=0.1)
        except crash:
            pass
        except pika.exceptions.AMQPConnectionError:
            time.sleep(0.2)
        if connection is not None and connection.is_open:
            connection.close()
        connection = None


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
    try:
        role(words, count)
    except pika.exceptions.AMQPError as error:
        fail(f"{type(error).__name__}: {error}")
