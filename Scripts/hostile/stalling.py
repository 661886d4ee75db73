"""Attacks that keep the broker busy while others want to be served."""

from trial import *


def letters(broker, size):
    """Queues that are always full, and hand each message on to all the others."""
    client = broker.connect()
    client.send(declare_exchange("x", "fanout"))
    for n in range(size):
        client.send(declare_queue(f"q{n}", no_wait=True, x_max_length=0, x_dead_letter_exchange="x"))
        client.send(bind(f"q{n}", "x", no_wait=True))
    client.send(publish("", b"." * 200_000, exchange="x"))
    time.sleep(5)
    return client


def hashes(broker, size):
    """Keys that each of so many patterns may take in very many ways."""
    client = broker.connect()
    client.send(declare_exchange("x", "topic") + declare_queue("q", no_wait=True, x_max_length=10))
    for n in range(size):
        pattern = ".".join("#.*" if n >> place % 12 & 1 else "#.a" for place in range(60))
        client.send(bind("q", "x", pattern, no_wait=True))
    client.round_trip("q")
    # Two keys by turns, so that no route is remembered.
    keys = [".".join(["a"] * 127), ".".join(["a"] * 126 + ["b"])]
    some = b"".join(publish(key, b"x", exchange="x") for key in keys)
    end = time.monotonic() + 5
    while time.monotonic() < end and push(client, some * 5):
        pass
    return client


def lists(broker, size):
    """Clients of the listing API ask for all queues again and again, and read nothing."""
    client = broker.connect()
    for n in range(5000):
        client.send(declare_queue(f"q{n}", no_wait=True))
    client.round_trip("q0")
    asking = []
    for _ in range(size):
        one = socket.create_connection(("127.0.0.1", broker.listing))
        one.setblocking(False)
        try:
            one.send(http_request("/api/queues") * 100)
        except OSError:
            pass
        asking.append(one)
    time.sleep(3)
    return asking


ATTACKS = [
    Attack("turns: dead letters that go every way through {} queues", 12, letters),
    Attack("turns: keys of 127 words, and {} patterns of 60 #", 1500, hashes),
    Attack("turns: {} clients of the listing API who ask and don't read", 100, lists),
]
