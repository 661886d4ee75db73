"""Shared by the programs that test `workbook check`: the broker, the words, the ways out."""

import os
import sys
import time

import pika


class Scene:
    def __init__(self, fault, words):
        self.fault, self.words = fault, [word for word in words if not word.startswith("--")]
        self.connection = self.connect()
        self.channel = self.connection.channel()

    @staticmethod
    def connect():
        return pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))

    def publish(self, exchange, key, body, **properties):
        self.channel.basic_publish(exchange, key, body, pika.BasicProperties(**properties))

    def end(self):
        """Closes the connection, or breaks off."""
        if self.fault == "unclosed":
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
    """The words are ROLE FAULT [WORDS...]; `new-task` is the function `new_task`."""
    role, fault, *words = sys.argv[1:]
    roles[role.replace("-", "_")](Scene(fault, words))
