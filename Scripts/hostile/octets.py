"""A broker in a process of its own, and clients that send it what they like: the least of AMQP 0-9-1 that Scripts/stalls
and Scripts/attacks need, without a library that would wait, check or read where they must not."""

import base64
import os
import re
import socket
import struct
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def short(text):
    octets = text.encode()
    return bytes([len(octets)]) + octets


def long(octets):
    return struct.pack(">I", len(octets)) + octets


def table(fields):
    out = b""
    for name, value in fields.items():
        out += short(name)
        if isinstance(value, int):
            out += b"l" + struct.pack(">q", value)
        else:
            out += b"S" + long(value.encode())
    return long(out)


def frame(kind, channel, payload):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def method(ids, *fields, channel=1):
    return frame(1, channel, struct.pack(">HH", *ids) + b"".join(fields))


START_OK, TUNE, TUNE_OK, OPEN, OPEN_OK, CLOSE, CLOSE_OK = [(10, n) for n in (11, 30, 31, 40, 41, 50, 51)]
CHANNEL_OPEN, CHANNEL_OPEN_OK, CHANNEL_CLOSE, CHANNEL_CLOSE_OK = [(20, n) for n in (10, 11, 40, 41)]
NONE = struct.pack(">H", 0)


def open_channel(channel):
    return method(CHANNEL_OPEN, short(""), channel=channel)


def close_channel(channel=1):
    return method(CHANNEL_CLOSE, struct.pack(">H", 200), short(""), struct.pack(">HH", 0, 0), channel=channel)


def declare_exchange(name, kind, durable=False, auto_delete=False, no_wait=False):
    bits = durable << 1 | auto_delete << 2 | no_wait << 4
    return method((40, 10), NONE, short(name), short(kind), bytes([bits]), table({}))


def delete_exchange(name):
    return method((40, 20), NONE, short(name), b"\0")


def bind_exchange(destination, source):
    return method((40, 30), NONE, short(destination), short(source), short(""), b"\x01", table({}))


def hyphened(arguments):
    return table({key.replace("_", "-"): value for key, value in arguments.items()})


def declare_queue(
    name, durable=False, exclusive=False, auto_delete=False, no_wait=False, passive=False, channel=1, **arguments
):
    bits = passive | durable << 1 | exclusive << 2 | auto_delete << 3 | no_wait << 4
    return method((50, 10), NONE, short(name), bytes([bits]), hyphened(arguments), channel=channel)


def bind(queue, exchange, key="", no_wait=False):
    return method((50, 20), NONE, short(queue), short(exchange), short(key), bytes([no_wait]), table({}))


def delete_queue(name):
    return method((50, 40), NONE, short(name), b"\0")


def purge(name):
    return method((50, 30), NONE, short(name), b"\0")


def qos(count, shared=False, channel=1):
    return method((60, 10), struct.pack(">IH", 0, count), bytes([shared]), channel=channel)


def consume(queue, tag, no_ack=False, no_wait=False, channel=1, **arguments):
    bits = no_ack << 1 | no_wait << 3
    return method((60, 20), NONE, short(queue), short(tag), bytes([bits]), hyphened(arguments), channel=channel)


def get(queue, channel=1):
    return method((60, 70), NONE, short(queue), b"\0", channel=channel)


def ack(tag, multiple=False):
    return method((60, 80), struct.pack(">Q", tag), bytes([multiple]))


def nack(tag, multiple=False, requeue=True, channel=1):
    return method((60, 120), struct.pack(">Q", tag), bytes([multiple | requeue << 1]), channel=channel)


def publish(
    key, body, exchange="", mandatory=False, size=None, headers=None, reply_to=None, expiration=None, persistent=False,
    channel=1,
):
    """`size`: what is announced, when it is not all of the body."""
    flags = struct.pack(
        ">H", (headers is not None) << 13 | persistent << 12 | (reply_to is not None) << 9 | (expiration is not None) << 8)
    flags += table(headers) if headers is not None else b""
    flags += b"\x02" if persistent else b""
    flags += b"".join(short(value) for value in (reply_to, expiration) if value is not None)
    header = struct.pack(">HHQ", 60, 0, len(body) if size is None else size) + flags
    parts = [method((60, 40), NONE, short(exchange), short(key), bytes([mandatory]), channel=channel), frame(2, channel, header)]
    parts += [frame(3, channel, body[at : at + 131064]) for at in range(0, len(body), 131064)]
    return b"".join(parts)


def fill(client, queue, count, size):
    """Publishes so many thousands of persistent messages, and waits until each is confirmed."""
    client.call(method((85, 10), b"\0"), (85, 11))
    some = publish(queue, b"." * size, persistent=True) * 1000
    confirmed = 0
    for sent in range(1000, count + 1, 1000):
        client.send(some)
        while confirmed < sent - 20_000 or sent == count and confirmed < count:
            payload = client.until((60, 80))
            confirmed = struct.unpack(">Q", payload[4:12])[0]


def http_request(path, user="guest", password="guest"):
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\n\r\n".encode()


class Client:
    """`room`: octets that the system takes for the client before it reads them; None: as many as it likes."""

    def __init__(self, port, user="guest", password="guest", timeout=120, room=None):
        self.socket = socket.socket()
        self.socket.settimeout(timeout)
        if room is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        response = b"\0" + user.encode() + b"\0" + password.encode()
        self.send(b"AMQP\0\0\x09\x01" + method(START_OK, table({}), short("PLAIN"), long(response), short("en_US"), channel=0))
        self.until(TUNE)
        self.send(method(TUNE_OK, struct.pack(">HIH", 2047, 131072, 0), channel=0) + method(OPEN, short("/"), short(""), b"\0", channel=0))
        self.until(OPEN_OK)
        self.call(open_channel(1), CHANNEL_OPEN_OK)

    def send(self, octets):
        self.socket.sendall(octets)

    def frame(self):
        while len(self.buffer) < 7 or len(self.buffer) < 8 + struct.unpack_from(">I", self.buffer, 3)[0]:
            more = self.socket.recv(1 << 20)
            if not more:
                raise EOFError("the broker has closed the connection")
            self.buffer += more
        size = struct.unpack_from(">I", self.buffer, 3)[0]
        kind, channel, payload = self.buffer[0], struct.unpack_from(">H", self.buffer, 1)[0], self.buffer[7 : 7 + size]
        self.buffer = self.buffer[8 + size :]
        return kind, channel, payload

    def until(self, *ids):
        """The payload of the next of these methods; others are passed over, a close is an error."""
        while True:
            kind, _, payload = self.frame()
            if kind != 1:
                continue
            found = struct.unpack_from(">HH", payload)
            if found in ids:
                return payload
            if found in (CLOSE, CHANNEL_CLOSE):
                raise EOFError(payload[6:].decode(errors="replace"))

    def call(self, octets, *ids):
        self.send(octets)
        return self.until(*ids)

    def round_trip(self, queue):
        self.call(declare_queue(queue, passive=True), (50, 11))

    def close(self):
        self.call(method(CLOSE, struct.pack(">H", 200), short(""), struct.pack(">HH", 0, 0), channel=0), CLOSE_OK)
        self.socket.close()


class Broker:
    """The release build, or what BROKER names."""

    def __init__(self, *options, preexec=None):
        self.log = tempfile.NamedTemporaryFile("w")
        self.process = subprocess.Popen(
            [executable(), "--port", "0", "--management-port", "0", *options],
            stdout=subprocess.PIPE, stderr=self.log, text=True, preexec_fn=preexec)
        line = self.process.stdout.readline()
        self.port = int(re.search(r"amqp://127\.0\.0\.1:(\d+)", line)[1])
        self.listing = int(re.search(r"listings on http://127\.0\.0\.1:(\d+)", line)[1])
        encrypted = re.search(r"amqps://127\.0\.0\.1:(\d+)", line)
        self.encrypted = int(encrypted[1]) if encrypted else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def has_said(self, text):
        with open(self.log.name) as log:
            return text in log.read()

    def octets(self, name):
        """VmRSS: now, VmHWM: at the most."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith(name))

    def connect(self, **arguments):
        return Client(self.port, **arguments)


_executable = os.environ.get("BROKER")


def executable():
    global _executable
    if _executable is None:
        build = ["swift", "build", "-c", "release", "--product", "broker"]
        subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        path = subprocess.run(build[:-2] + ["--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True)
        _executable = path.stdout.strip() + "/broker"
    return _executable


def lifelines():
    """What is started ends with this program; see Scripts/lifeline."""
    mark = subprocess.run([ROOT + "/Scripts/lifeline", str(os.getpid())], check=True, capture_output=True, text=True)
    os.environ["LIFELINES"] = mark.stdout.strip()


def seconds(body):
    began = time.monotonic()
    body()
    return time.monotonic() - began
