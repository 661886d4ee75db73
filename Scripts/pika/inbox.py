#!/usr/bin/env python3
"""Step 13: at least once, and still only once."""

import os
import re
import uuid

import pika
from step import connect, consume, fail, numbered, run, say, text


class LineFile:
    """Lines that a program has written down, as the step in Swift writes them: each can read the other's."""

    def __init__(self, name):
        self.path = os.path.join(os.environ.get("ORDERS_FOLDER") or ".", name)

    def lines(self):
        if not os.path.exists(self.path):
            return []
        with open(self.path, encoding="utf-8", newline="\n") as file:
            whole = [line[:-1] for line in file if line.endswith("\n")]
        return [re.sub(r"\\(.)", lambda escaped: "\n" if escaped[1] == "n" else escaped[1], line) for line in whole]

    def append(self, line):
        self._write([line], "a", self.path)

    def replace(self, lines):
        self._write(lines, "w", self.path + ".new")
        os.replace(self.path + ".new", self.path)

    @staticmethod
    def _write(lines, mode, path):
        with open(path, mode, encoding="utf-8", newline="\n") as file:
            file.writelines(line.replace("\\", "\\\\").replace("\n", "\\n") + "\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())


def crash_of(words, *places):
    """Takes `--crash WHEN` out of the words."""
    if "--crash" not in words:
        return None
    at = words.index("--crash")
    place = "".join(words[at + 1 : at + 2])
    if place not in places:
        fail(f"--crash takes {' or '.join(places)}, not '{place}'")
    del words[at : at + 2]
    return place


def waiting_orders(outbox):
    """`+ ID TEXT`: an order is taken. `-`: the oldest is confirmed."""
    waiting = []
    for line in outbox.lines():
        if line == "-":
            del waiting[:1]
        elif line.startswith("+ ") and line.count(" ") > 1:
            waiting.append(line.split(" ", 2)[1:])
    return waiting


def order(words, count):
    "[MESSAGE] [--count N] [--crash committed|confirmed]"
    crash = crash_of(words, "committed", "confirmed")
    connection = connect()
    channel = connection.channel()
    channel.queue_declare(queue="shipments", durable=True)
    channel.confirm_delivery()
    outbox = LineFile("orders.outbox")
    waiting = waiting_orders(outbox)
    for message in numbered(" ".join(words) or "Hello World!", count):
        waiting.append([uuid.uuid4().hex[:16], message])
        outbox.append("+ " + " ".join(waiting[-1]))
        say(f" [x] Committed '{message}'")
        if crash == "committed":
            return leave(connection)
        while waiting:
            identity, oldest = waiting[0]
            properties = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent, message_id=identity)
            channel.basic_publish(exchange="", routing_key="shipments", body=oldest, properties=properties, mandatory=True)
            say(f" [x] Confirmed '{oldest}'")
            if crash == "confirmed":
                return leave(connection)
            del waiting[0]
            outbox.append("-") if waiting else outbox.replace([])
    connection.close()


def leave(connection):
    say(" [!] Crashed")
    connection.close()


def ship(words, count):
    "[--crash shipped]"
    crash = crash_of(words, "shipped")
    connection = connect()
    channel = connection.channel()
    channel.queue_declare(queue="shipments", durable=True)
    channel.basic_qos(prefetch_count=1)
    inbox = LineFile("orders.inbox")
    shipped = {line.split(" ", 1)[0] for line in inbox.lines()}

    def received(channel, method, properties, body):
        identity = properties.message_id or ""
        say(f" [x] Received '{text(body)}'")
        if identity and identity in shipped:
            say(" [!] Shipped before")
        else:
            # What is done and the note that it is done, in one.
            inbox.append(f"{identity} {text(body)}")
            shipped.add(identity)
            say(" [x] Shipped")
            if crash == "shipped":
                say(" [!] Crashed")
                os._exit(0)
        channel.basic_ack(delivery_tag=method.delivery_tag)
        say(" [x] Acknowledged")

    channel.basic_consume(queue="shipments", on_message_callback=received, exclusive=True)
    consume(connection, " [*] Waiting for orders. To exit press CTRL+C")


run({"order": order, "ship": ship})
