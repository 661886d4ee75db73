"""The two sides of an exchange: the steps in Swift, and their counterparts in Python (Scripts/pika), Ruby (Scripts/bunny), Go
(Scripts/go-amqp) or PHP (Scripts/php-amqp)."""

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


class Interpreted:
    """A language in which a step's file is its program."""

    def command(self, step, folder=None):
        """`folder`: where a changed copy of the programs is."""
        return [self.interpreter, str((folder or self.folder) / f"{step}.{self.suffix}")]


class Python(Interpreted):
    name, folder, suffix = "Python", SCRIPTS / "pika", "py"

    def __init__(self):
        self.interpreter, path = interpreter_with_pika()
        if path:
            os.environ["PYTHONPATH"] = str(path)

    def run(self, program):
        """For the housekeeping between exchanges."""
        subprocess.run([self.interpreter, "-c", program], check=True)


class Ruby(Interpreted):
    name, folder, suffix, interpreter = "Ruby", SCRIPTS / "bunny", "rb", "ruby"

    def __init__(self):
        def can_require():
            return _runs(["ruby", "-e", "require 'bunny'"])

        _install(can_require, "ruby-bunny (gem install bunny)", "ruby", "ruby-bunny")


class PHP(Interpreted):
    name, folder, suffix, interpreter = "PHP", SCRIPTS / "php-amqp", "php", "php"

    def __init__(self):
        def can_require():
            return _runs(["php", "-r", "require 'PhpAmqpLib/autoload.php';"])

        _install(can_require, "php-amqplib", "php-cli", "php-amqplib")


class Go:
    name, folder, suffix = "Go", SCRIPTS / "go-amqp", "go"
    MODULE = Path("/usr/share/gocode/src/github.com/rabbitmq/amqp091-go")

    def __init__(self):
        def can_build():
            return _runs(["go", "version"]) and self.MODULE.exists()

        _install(can_build, "Go and amqp091-go", "golang-go", "golang-github-rabbitmq-amqp091-go-dev")
        self.builds = ROOT / ".build" / "go-amqp"
        # Debian's copy of the module, in the way of before modules; nothing is fetched.
        self.environment = {
            **os.environ, "GOPATH": "/usr/share/gocode", "GO111MODULE": "off", "GOCACHE": str(self.builds / "cache"),
        }  # fmt: skip

    def command(self, step, folder=None):
        """`folder`: where a changed copy of the programs is; it is built there."""
        program = (folder or self.builds) / step
        sources = [(folder or self.folder) / f"{name}.go" for name in ("step", step)]
        if not program.exists() or any(source.stat().st_mtime > program.stat().st_mtime for source in sources):
            subprocess.run(["go", "build", "-o", str(program), *map(str, sources)], env=self.environment, check=True)
        return [str(program)]


# The languages that have the steps too, by the words on a command line.
LANGUAGES = {"python": Python, "ruby": Ruby, "go": Go, "php": PHP}


def _install(is_there, what, *packages):
    """With apt-get, when it is not there yet."""
    if is_there():
        return
    note(f"installing Debian's {' and '.join(packages)}")
    for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *packages]):
        if problem := _problem(command):
            note(problem)
    if not is_there():
        note(f"{what} can't be installed: install it by hand")
        sys.exit(1)


def _runs(command):
    if not shutil.which(command[0]):
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


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
