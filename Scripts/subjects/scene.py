"""Shared by the programs that test `workbook check`: the broker, the words, the ways out."""

import os
import sys
import time
from pathlib import Path

import pika


class Notes:
    """What is still there when the program is started again."""

    def __init__(self, name):
        self.file = Path(os.environ.get("ORDERS_FOLDER", ".")) / name

    def all(self):
        return self.file.read_text().split() if self.file.exists() else []

    def add(self, line):
        self.file.write_text("\n".join([*self.all(), line]))

    def remove(self, line):
        self.file.write_text("\n".join(other for other in self.all() if other != line))


class Scene:
    def __init__(self, mistake, words):
        self.mistake, self.words = mistake, [word for word in words if not word.startswith("--")]
        self.connection = self.connect()
        self.channel = self.connection.channel()

    @staticmethod
    def connect():
        return pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))

    def publish(self, exchange, key, body, **properties):
        self.channel.basic_publish(exchange, key, body, pika.BasicProperties(**properties))

    def end(self):
        """Closes the connection, or breaks off."""
        if self.mistake == "careless":
            # Whatever comes of it.
            try:
                self.connection.close()
            except pika.exceptions.AMQPError:
                pass
            return
        if self.mistake == "unclosed":
            # What was published has arrived; this is about the good-bye alone.
            self.channel.basic_qos()
            os._exit(0)
        self.connection.close()

    @staticmethod
    def work(text):
        time.sleep(0.1 * text.count(b"."))


def say(line):
    print(line, flush=True)


def run(**roles):
    """The words are ROLE MISTAKE [WORDS...]; `new-task` is the function `new_task`. What a program does when something goes
    wrong stands behind a slash, for `workbook gauntlet`: right/hangs."""
    role, mistake, *words = sys.argv[1:]
    mistake, _, ending = mistake.partition("/")
    while True:
        try:
            return roles[role.replace("-", "_")](Scene(mistake, words))
        except Exception:
            if ending == "hangs":
                time.sleep(3600)
            elif ending in ("quiet", "zero"):
                os._exit(ending == "quiet")
            elif ending == "half":
                # The connection is there again, and that is all.
                connection = Scene.connect()
                while True:
                    connection.process_data_events(1)
            elif ending in ("again", "unbound"):
                mistake = "unbound" if ending == "unbound" else mistake
                time.sleep(0.05)
            else:
                raise
