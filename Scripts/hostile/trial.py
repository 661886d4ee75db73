"""An attack on a broker, and what must hold: it lives, serves others meanwhile, keeps within its memory, and says what
it does about it."""

from dataclasses import dataclass
from typing import Callable

from octets import *
from probe import Probe, at

MARK = 50_000_000
# An eighth above the mark who declares waits too; the rest is what is under way, and what malloc adds.
MOST = MARK * 5 // 4


@dataclass
class Attack:
    """`act` takes a broker and a size. What it returns is held until the broker has been looked at."""

    name: str
    size: int
    act: Callable
    says: str | None = None
    options: tuple = ()


def tried(attack, size, late):
    """`late`: so many seconds are too many for the 99th percentile of another client's round trips. The log is asked
    only when the attack is as large as it is meant to be."""
    with Broker("--memory-high-water", str(MARK), *attack.options) as broker:
        probe = Probe(broker)
        before = broker.octets("VmRSS")
        held = attack.act(broker, size)
        time.sleep(1)
        grown = broker.octets("VmHWM") - before
        times = probe.times()
        if broker.process.poll() is not None or not times:
            return False, "the broker has ended, or closed another client's connection"
        entered = seconds(lambda: broker.connect().close())
        is_said = attack.says is None or size < attack.size or broker.has_said(attack.says)
        del held
    silent = "" if is_said else f"; the log does not say '{attack.says}'"
    return grown <= MOST and at(99, times) < late and entered < 5 and is_said, (
        f"grows by {grown / 1e6:.0f} MB of {MOST / 1e6:.0f}; others' round trips {1000 * at(50, times):.1f} ms, "
        f"{1000 * at(99, times):.1f} at the 99th percentile; a new client {1000 * entered:.0f} ms{silent}")


def push(client, octets):
    """Sends as long as the broker reads. False: it has stopped."""
    client.socket.settimeout(1)
    try:
        client.socket.sendall(octets)
        return True
    except OSError:
        return False


def push_each(client, parts):
    """The same with many small parts, some of them at a time."""
    some = []
    for part in parts:
        some.append(part)
        if len(some) == 20:
            if not push(client, b"".join(some)):
                return
            some = []
    push(client, b"".join(some))


def drain(client, quiet=1):
    """Reads what comes until nothing has come for a while."""
    client.socket.settimeout(quiet)
    try:
        while client.socket.recv(1 << 20):
            pass
    except OSError:
        pass
