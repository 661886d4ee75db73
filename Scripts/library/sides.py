"""The two sides of an exchange: the steps in Swift, and their counterparts in Python (Scripts/pika) or Ruby (Scripts/bunny)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from library.exchanges import STEPS
from library.repository import ROOT, SCRIPTS, built_programs, note

# Of pika 1.2 or later.
PROBE = "import pika; assert tuple(map(int, pika.__version__.split('.')[:2])) >= (1, 2)"
REQUIREMENT = "pika>=1.3,<2"


class Swift:
    name = "Swift"

    def __init__(self, build):
        self.folder = built_programs(build=build)
        if missing := [step for step in STEPS if not (self.folder / step).exists()]:
            note(f"{self.folder} has no {', '.join(missing)}: run  swift build  first")
            sys.exit(1)

    def command(self, step):
        return [str(self.folder / step)]


class Python:
    name = "Python"

    def __init__(self):
        self.interpreter, path = interpreter_with_pika()
        if path:
            os.environ["PYTHONPATH"] = str(path)

    def command(self, step):
        return [self.interpreter, str(SCRIPTS / "pika" / f"{step}.py")]

    def run(self, program):
        """For the housekeeping between exchanges."""
        subprocess.run([self.interpreter, "-c", program], check=True)


class Ruby:
    name = "Ruby"

    def __init__(self):
        if _can_require_bunny():
            return
        note("installing Debian's ruby-bunny")
        for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", "--no-install-recommends", "ruby", "ruby-bunny"]):
            if problem := _problem(command):
                note(problem)
        if not _can_require_bunny():
            note("bunny can't be installed (apt-get install ruby-bunny, or gem install bunny, does it by hand)")
            sys.exit(1)

    def command(self, step):
        return ["ruby", str(SCRIPTS / "bunny" / f"{step}.rb")]


# The languages that have the steps too, by the words on a command line.
LANGUAGES = {"python": Python, "ruby": Ruby}


def _can_require_bunny():
    run = [shutil.which("ruby") or "", "-e", "require 'bunny'"]
    return bool(run[0]) and subprocess.run(run, capture_output=True, check=False).returncode == 0


def interpreter_with_pika():
    """One that can import pika, and the folder that it finds pika in, if not by itself.

    That is the interpreter at hand, or a virtual environment under .build."""
    if _can_import_pika(sys.executable):
        return sys.executable, None
    folder = ROOT / ".build" / "cross-language"
    venv, target = folder / "venv" / "bin" / "python", folder / "pika"
    if not venv.exists() or not _can_import_pika(str(venv)):
        note("installing pika from PyPI")
    attempts = [
        (str(venv), None, []),
        (str(venv), None, [[sys.executable, "-m", "venv", "--clear", str(folder / "venv")],
                           [str(venv), "-m", "pip", "install", "--quiet", REQUIREMENT]]),
        (sys.executable, target, [[sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), REQUIREMENT]]),
        ("/usr/bin/python3", None, [["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", "python3-pika"]]),
    ]  # fmt: skip
    problems = []
    for interpreter, path, commands in attempts:
        problem = next(filter(None, map(_problem, commands)), None)
        if problem:
            problems.append(problem)
        elif (path or Path(interpreter).exists()) and _can_import_pika(interpreter, path):
            return interpreter, path
    note("pika can't be installed (pip install pika does it by hand):\n" + "\n".join(problems))
    sys.exit(1)


def _can_import_pika(interpreter, path=None):
    environment = {**os.environ, **({"PYTHONPATH": str(path)} if path else {})}
    run = subprocess.run([interpreter, "-c", PROBE], capture_output=True, env=environment, check=False)
    return run.returncode == 0


def _problem(command):
    """Runs a command, and says why it failed, if it did."""
    try:
        run = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    except OSError as error:
        return str(error)
    return f"{' '.join(command)}: {run.stderr.strip()}" if run.returncode != 0 else None
