"""The roles of the steps as running programs, whatever language they are written in."""

import signal
import subprocess
import threading

PATIENCE = 30.0  # seconds for one expected line; nothing waits this long unless it fails


class Wrong(Exception):
    """What was seen is not what the step promises."""


class Program:
    """A running role: its lines as they come, and its end."""

    everyone = []
    news = threading.Condition()  # one for all, so that one can wait for a line from any of several

    def __init__(self, side, step, *words):
        self.name = f"{side.name} {step} {' '.join(words)}"
        self.lines, self.errors, self.ended = [], [], False
        self.process = subprocess.Popen(
            [*side.command(step), *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace",
        )  # fmt: skip
        self.readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.lines), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self.errors), daemon=True),
        ]
        for reader in self.readers:
            reader.start()
        Program.everyone.append(self)

    def _read(self, pipe, lines):
        for line in pipe:
            with self.news:
                lines.append(line.rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.ended = self.ended or lines is self.lines
            self.news.notify_all()

    def wait(self, enough, what):
        """Until `enough` of the lines is true."""
        with self.news:
            self.news.wait_for(lambda: enough(self.lines) or self.ended, PATIENCE)
            if not enough(self.lines):
                raise Wrong(f"{self.name}: {what} did not come. {self.account()}")
        return self

    def until(self, line):
        return self.wait(lambda lines: line in lines, repr(line))

    def count(self, number):
        return self.wait(lambda lines: len(lines) >= number, f"line {number}")

    def finish(self, status=0):
        """Waits for its own end, and gives its lines."""
        try:
            seen = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Wrong(f"{self.name}: does not end. {self.account()}") from None
        for reader in self.readers:
            reader.join(PATIENCE)
        if seen != status:
            raise Wrong(f"{self.name}: exit status {seen} instead of {status}. {self.account()}")
        return self.lines

    def interrupt(self):
        """Ctrl-C, which every receiver takes as a normal end."""
        self.process.send_signal(signal.SIGINT)
        return self.finish()

    def kill(self):
        self.process.kill()
        self.process.wait()

    @classmethod
    def end_all(cls):
        for program in cls.everyone:
            if program.process.poll() is None:
                program.kill()
        cls.everyone.clear()

    def account(self):
        return f"Its lines: {self.lines}" + (f", its standard error: {self.errors}" if self.errors else "")


def wait_for_any(programs, enough):
    """Until `enough` is true of the lines of all of them together."""
    with Program.news:
        Program.news.wait_for(lambda: enough([program.lines for program in programs]), PATIENCE)


def expect(program, seen, expected):
    if seen != expected:
        raise Wrong(f"{program.name}:\n      expected {expected}\n      but was  {seen}")
