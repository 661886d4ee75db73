"""Attacks on what a client meets before it is in: descriptors, handshakes, logins, the listing API. Each says what it
found."""

import resource
import ssl

from trial import *


def descriptors():
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (600, 600))

    with tempfile.TemporaryDirectory() as directory, Broker("--data", directory, preexec=few) as broker:
        client = broker.connect()
        client.call(declare_queue("q", durable=True), (50, 11))
        idle = [socket.create_connection(("127.0.0.1", broker.port)) for _ in range(1400)]
        time.sleep(1)
        used = cpu(broker)
        for _ in range(200):
            client.send(publish("q", b"." * 200_000))
        took = seconds(lambda: client.round_trip("q"))
        used = cpu(broker) - used
        listed = seconds(lambda: ask(broker, "/api/overview"))
        # Those that say nothing are dropped after 10 seconds, and the next are let in.
        late = seconds(lambda: broker.connect(timeout=60).close())
        for one in idle:
            one.close()
    return took < 5 and listed < 5, (
        f"1,400 idle clients, 600 descriptors: a publish of 40 MB {took:.1f} s, a list {listed:.1f} s, "
        f"{used:.1f} s of CPU; a new client waits {late:.0f} s")


def cpu(broker):
    with open(f"/proc/{broker.process.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def with_user(body):
    password = subprocess.run(
        [executable(), "hash-password", "alice"], input="right\n", check=True, capture_output=True, text=True)
    with tempfile.NamedTemporaryFile("w") as users:
        users.write(password.stdout)
        users.flush()
        with Broker("--users", users.name) as broker:
            return body(broker)


def logins():
    def run(broker):
        broker.connect(user="alice", password="right").close()
        wrong = method(START_OK, table({}), short("PLAIN"), long(b"\0alice\0wrong"), short("en_US"), channel=0)
        for _ in range(1500):
            one = socket.create_connection(("127.0.0.1", broker.port))
            one.sendall(b"AMQP\0\0\x09\x01" + wrong)
            one.close()
        took = seconds(lambda: broker.connect(user="alice", password="right").close())
        return took < 1, f"1,500 wrong logins that leave at once: a right one takes {1000 * took:.0f} ms"

    return with_user(run)


def half_open(port, parts):
    """Connections that say so much and no more."""
    halves = []
    for octets in parts:
        half = socket.create_connection(("127.0.0.1", port), timeout=60)
        half.sendall(octets)
        halves.append(half)
    return halves


def last(halves):
    """The seconds until the broker has dropped all of them."""
    began = time.monotonic()
    for half in halves:
        try:
            while half.recv(65536):
                pass
        except ConnectionResetError:
            pass
    return time.monotonic() - began


def handshakes():
    with Broker() as broker:
        lasted = last(half_open(broker.port, [b"", b"AMQP\0\0\x09\x01", b"AMQP\0\0\x09\x01" + frame(1, 0, b"")[:5]]))
    return lasted < 12, f"half-open handshakes last {lasted:.1f} s (10)"


def encrypted_handshakes():
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["sh", ROOT + "/Scripts/library/certificates.sh", directory], check=True)
        files = ["--tls-certificate", directory + "/server.pem", "--tls-key", directory + "/server.key"]
        with Broker("--tls-port", "0", *files) as broker:
            context = ssl.create_default_context(cafile=directory + "/ca.pem")

            def greeted():
                plain = socket.create_connection(("127.0.0.1", broker.encrypted), timeout=60)
                with context.wrap_socket(plain, server_hostname="localhost") as stream:
                    stream.sendall(b"AMQP\0\0\x09\x01")
                    stream.recv(1)

            hello = ssl.MemoryBIO()
            try:
                context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost").do_handshake()
            except ssl.SSLWantReadError:
                pass
            hello = hello.read()
            probe = Probe(broker)
            halves = half_open(broker.encrypted, [b"", hello[:50], hello] * 300)
            took = seconds(greeted)
            lasted = last(halves)
            times = probe.times()
    return took < 1 and lasted < 12 and at(99, times) < 0.1, (
        f"900 half-open ones last {lasted:.1f} s (10); a whole one beside them {1000 * took:.0f} ms; "
        f"others' round trips {1000 * at(99, times):.1f} ms at the 99th percentile")


def ask(broker, path, **login):
    with socket.create_connection(("127.0.0.1", broker.listing), timeout=60) as asking:
        asking.sendall(http_request(path, **login))
        return asking.recv(65536)


def listing():
    def run(broker):
        ask(broker, "/api/overview", user="alice", password="right")
        slow = []
        for _ in range(100):
            one = socket.create_connection(("127.0.0.1", broker.listing))
            one.sendall(b"GET / HTTP/1.1\r\n")
            slow.append(one)
        beside = seconds(lambda: ask(broker, "/api/overview", user="alice", password="right"))
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", broker.listing)) as one:
                one.sendall(http_request("/api/overview", "alice", "wrong") * 2500)
        behind = seconds(lambda: ask(broker, "/api/overview", user="alice", password="right"))
        times = {}
        for name in ["alice", "nobody"]:
            times[name] = sorted(seconds(lambda: ask(broker, "/", user=name, password="wrong")) for _ in range(9))[4]
        return beside < 1 and behind < 1 and max(times.values()) < 2 * min(times.values()), (
            f"a list beside 100 slow clients {1000 * beside:.0f} ms, behind 20 times 2,500 requests {1000 * behind:.0f} ms; "
            f"a wrong password of alice {1000 * times['alice']:.0f} ms, of nobody {1000 * times['nobody']:.0f} ms")

    return with_user(run)


DOORS = [
    ("doors: descriptors", descriptors),
    ("doors: logins", logins),
    ("doors: handshakes", handshakes),
    ("doors: handshakes of TLS", encrypted_handshakes),
    ("doors: the listing API", listing),
]
