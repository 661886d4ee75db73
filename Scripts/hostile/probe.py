"""Another client's round trips while something is done to the broker. It is a process of its own: threads of one would
wait for each other, and not for the broker."""

import multiprocessing

from octets import *


class Probe:
    def __init__(self, broker):
        begin, self.end, self.results = multiprocessing.Event(), multiprocessing.Event(), multiprocessing.Queue()
        self.process = multiprocessing.Process(target=ask, args=(broker.port, begin, self.end, self.results), daemon=True)
        self.process.start()
        begin.wait(60)

    def times(self):
        """The seconds that each took, the shortest first; none: the broker was not there any more."""
        self.end.set()
        times = sorted(self.results.get())
        self.process.join()
        return times


def ask(port, begin, end, results):
    times = []
    try:
        client = Client(port)
        client.call(declare_queue("probe", exclusive=True), (50, 11))
        for _ in range(200):
            client.round_trip("probe")
        begin.set()
        while not end.is_set():
            took = seconds(lambda: client.round_trip("probe"))
            # The ones that should have been asked while this one waited.
            times += [took - late / 1000 for late in range(int(took * 1000) + 1)]
            time.sleep(max(0, 0.001 - took))
    except (OSError, EOFError):
        times = []
    begin.set()
    results.put(times)


def at(percent, times):
    return times[len(times) * percent // 100]
