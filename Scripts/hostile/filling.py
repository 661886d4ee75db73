"""Attacks that fill the memory. Each returns what is held on to."""

import threading

from trial import *

LARGE = "." * 100_000


def answers(broker, size):
    client = broker.connect()
    client.send(declare_queue("q") + publish("q", b"." * (8 << 20)))
    for n in range(size):
        if not push(client, get("q") + nack(n + 1)):
            break
    return client


def returns(broker, size):
    client = broker.connect()
    message = publish("nowhere", b"." * 1_000_000, mandatory=True)
    for _ in range(size):
        if not push(client, message):
            break
    return client


def replies(broker, size):
    requester, server = broker.connect(), broker.connect()
    server.call(declare_queue("requests"), (50, 11))
    requester.call(consume("amq.rabbitmq.reply-to", "r", no_ack=True), (60, 21))
    requester.send(publish("requests", b"?", reply_to="amq.rabbitmq.reply-to"))
    requester.round_trip("requests")
    server.call(get("requests"), (60, 71))
    reply_to = server.frame()[2]
    name = reply_to[15 : 15 + reply_to[14]].decode()
    server.frame()
    for _ in range(size):
        if not push(server, publish(name, b"." * 1_000_000)):
            break
    return requester, server


def transactions(broker, size):
    clients = [broker.connect() for _ in range(4)]
    for client in clients:
        client.call(method((90, 10)), (90, 11))
        client.send(declare_queue("q"))
        for _ in range(size):
            if not push(client, publish("q", b"." * 1_000_000)):
                break
    return clients


def unfinished(broker, size):
    client = broker.connect()
    for n in range(2, size):
        octets = publish("q", b"." * 131_064, size=100_000_000, channel=n)
        if not push(client, open_channel(n) + octets):
            break
    return client


# MARK: Output


def readers(broker, size, room=None):
    """So many clients that consume from a queue each and don't read what comes, and one that publishes to all."""
    publisher = broker.connect()
    publisher.send(declare_exchange("x", "fanout"))
    clients = [broker.connect(room=room) for _ in range(size)]
    for n, client in enumerate(clients):
        client.send(declare_queue(f"q{n}") + bind(f"q{n}", "x") + consume(f"q{n}", "c", no_ack=n % 2 == 0))
        client.until((60, 21))
    return publisher, clients


def large_body(broker, size):
    publisher, clients = readers(broker, size)
    push(publisher, publish("", b"." * (40 << 20), exchange="x"))
    return publisher, clients


def small_body(broker, size):
    publisher, clients = readers(broker, size, room=4096)
    push(publisher, publish("", b"." * 60_000, exchange="x"))
    return publisher, clients


def large_headers(broker, size):
    publisher, clients = readers(broker, size, room=4096)
    push(publisher, publish("", b".", exchange="x", headers={"h": LARGE}))
    return publisher, clients


def unread(broker, size):
    publisher, clients = readers(broker, size, room=4096)
    for _ in range(1000):
        if not push(publisher, publish("", b"." * 10_000, exchange="x")):
            break
    return publisher, clients


def places(broker, size):
    client = broker.connect()
    client.send(declare_exchange("x", "fanout"))
    for n in range(size):
        client.send(declare_queue(f"q{n}", no_wait=True) + bind(f"q{n}", "x", no_wait=True))
    client.round_trip("q0")
    for _ in range(40):
        if not push(client, publish("", b"x", exchange="x") * 100):
            break
    return client


def together(clients, act):
    """Each client acts in a thread of its own, with its place among them."""
    threads = [threading.Thread(target=act, args=(client, place)) for place, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# MARK: What is declared, and what channels keep


def arguments(broker, size):
    client = broker.connect()
    client.send(declare_queue("q", no_wait=True))
    push_each(client, (consume("q", str(n), no_wait=True, x=LARGE) for n in range(size)))
    return client


def priorities(broker, size):
    client = broker.connect()
    client.send(declare_queue("q", no_wait=True))
    push_each(client, (consume("q", str(n), no_wait=True, x_priority=n) for n in range(size)))
    return client


def patterns(broker, size):
    client = broker.connect()
    client.send(declare_exchange("x", "topic") + declare_queue("q", no_wait=True))
    words = ".a" * 120
    push_each(client, (bind("q", "x", f"{n}{words}", no_wait=True) for n in range(size)))
    return client


def declarations(broker, size):
    """Memory is full of messages; then come others who declare, and one who takes some of them."""
    filler, taker = broker.connect(), broker.connect()
    filler.send(declare_queue("q"))
    for _ in range(200):
        if not push(filler, publish("q", b"." * 1_000_000)):
            break
    clients = [broker.connect() for _ in range(20)]
    together(clients, lambda client, place: push_each(
        client, (declare_queue(f"q{place}-{n}", no_wait=True, x=LARGE) for n in range(size // len(clients)))))
    taker.socket.settimeout(5)
    taker.call(qos(1), (60, 11))
    taker.call(consume("q", "c"), (60, 60))
    return filler, clients, taker


def publishers(broker, size):
    """Small messages to where the last one went: the broker's quickest path."""
    clients = [broker.connect() for _ in range(size)]
    clients[0].call(declare_queue("q"), (50, 11))
    some = publish("q", b"." * 100) * 5000
    together(clients, lambda client, _: all(push(client, some) for _ in range(20)))
    return clients


def acknowledged(broker, size):
    """Each channel in turn holds so many deliveries, and gives them back."""
    client = broker.connect()
    client.send(declare_queue("q", no_wait=True) + publish("q", b".") * size)
    client.round_trip("q")
    reading = threading.Thread(target=drain, args=(client, 5))
    reading.start()
    for n in range(1, 2048):
        opening = open_channel(n) if n > 1 else b""
        client.socket.sendall(opening + get("q", channel=n) * size + nack(0, multiple=True, channel=n))
    reading.join()
    return client


def stream(broker, size):
    """Twenty consumers hold all of a stream's messages."""
    client = broker.connect()
    client.send(declare_queue("s", durable=True, no_wait=True, x_queue_type="stream"))
    client.send(publish("s", b".") * size)
    client.round_trip("s")
    for n in range(2, 22):
        client.send(
            open_channel(n) + qos(65_535, channel=n) + consume("s", "c", channel=n, x_stream_offset="first"))
    drain(client)
    return client


def comers(broker, size):
    """Memory is full; then so many clients come, one after the other, and each declares one thing and leaves."""
    filler, declarer = broker.connect(), broker.connect()
    filler.send(declare_queue("q"))
    for _ in range(200):
        if not push(filler, publish("q", b"." * 1_000_000)):
            break
    # From an eighth above the mark on, who declares waits.
    push_each(declarer, (declare_queue(f"x{n}", no_wait=True, x=LARGE) for n in range(200)))
    for n in range(size):
        client = broker.connect()
        client.send(declare_queue(f"q{n}", no_wait=True, x=LARGE))
        client.socket.close()
    return filler, declarer


HELD_BACK = "publishers are blocked"
ATTACKS = [
    Attack("memory: up to {} answers that nobody reads", 1000, answers),
    Attack("memory: up to {} returns that nobody reads", 10_000, returns),
    Attack("memory: {} replies that nobody reads", 200, replies),
    Attack("memory: four transactions of {} messages that nobody commits", 200, transactions),
    Attack("memory: up to {} contents that nobody finishes", 1500, unfinished, HELD_BACK),
    Attack("memory: 40 MiB to {} consumers that don't read", 30, large_body),
    Attack("memory: 60 kB to {} consumers that don't read", 2000, small_body),
    Attack("memory: 100 kB of headers to {} consumers that don't read", 2000, large_headers),
    Attack("memory: 10 MB in 1,000 messages to {} consumers that don't read", 200, unread),
    Attack("memory: 4,000 messages to {} queues", 5000, places, HELD_BACK),
    Attack("memory: {} consumers with 100 kB of arguments", 2000, arguments, HELD_BACK),
    Attack("memory: {} consumers with a priority of their own each", 300_000, priorities, HELD_BACK),
    Attack("memory: {} topic patterns of 121 words", 5000, patterns, HELD_BACK),
    Attack("memory: {} queues with 100 kB of arguments, when it is full", 2000, declarations, HELD_BACK),
    Attack("memory: {} clients that declare a queue of 100 kB and leave, when it is full", 500, comers, HELD_BACK),
    Attack("memory: {} publishers who go on when it is full", 50, publishers, HELD_BACK),
    Attack("memory: 2,047 channels that held {} deliveries each", 500, acknowledged),
    Attack("memory: twenty readers of a stream who hold {} messages each", 60_000, stream, HELD_BACK),
]
