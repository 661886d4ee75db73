"""This repository as a script sees it: its folders, what is built in it, a copy of it."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
ROOT = SCRIPTS.parent


def take_along():
    """What this process starts from now on ends with it: Scripts/lifeline says how."""
    mark = subprocess.check_output([SCRIPTS / "lifeline", str(os.getpid())], encoding="utf-8")
    os.environ["LIFELINES"] = mark.strip()


def note(text):
    print(f"{Path(sys.argv[0]).name}: {text}", file=sys.stderr, flush=True)


def asked_for_help(words, usage):
    """Prints the usage when one of the words asks for it."""
    if asked := "--help" in words or "-h" in words:
        print(usage)
    return asked


def refuse(reason, usage):
    """For a command line that makes no sense: ends the script."""
    note(f"{reason}\n\n{usage}")
    sys.exit(64)


def built_programs(product=None, build=True):
    """The folder of the executables; without a product, all of them are built."""
    if build:
        note(f"building {product or 'the steps'}")
        words = ["--product", product] if product else []
        done = subprocess.run(["swift", "build", *words], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
        if done.returncode != 0:
            note(f"swift build failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
            sys.exit(1)
    show = ["swift", "build", "--show-bin-path"]
    shown = subprocess.run(show, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return Path(shown.stdout.strip())


class Copy:
    """A copy of what git knows of this repository, under .build, that is changed and built."""

    def __init__(self, name, folders):
        """`folders`: what is copied, besides the files at the top."""
        self.root, self.folders = ROOT / ".build" / name, folders

    def refresh(self):
        """Brings the copy up to date; a file that is the same is left alone, so that little has to be built."""
        known = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", check=True,
        ).stdout.splitlines()  # fmt: skip
        wanted = {name for name in known if self._is_copied(name) and (ROOT / name).is_file()}
        for name in wanted:
            source, target = ROOT / name, self.root / name
            if not target.exists() or source.read_bytes() != target.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source.read_bytes())
                target.chmod(source.stat().st_mode)
        for folder in self.folders:
            for target in [*(self.root / folder).rglob("*")]:
                if target.is_file() and str(target.relative_to(self.root)) not in wanted:
                    target.unlink()

    def _is_copied(self, name):
        return "/" not in name or name.split("/")[0] in self.folders

    def changed(self):
        """The files that were here before and are different now, by their paths."""
        known = subprocess.run(["git", "ls-files"], cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", check=True)
        return sorted(
            name for name in known.stdout.splitlines()
            if (ROOT / name).is_file() and (self.root / name).is_file()
            and (ROOT / name).read_bytes() != (self.root / name).read_bytes()
        )  # fmt: skip

    def build(self, product, flags=()):
        """Gives what the compiler says is wrong, or nothing."""
        run = subprocess.run(
            ["swift", "build", "--product", product, *flags], cwd=self.root,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False,
        )  # fmt: skip
        if run.returncode == 0:
            return None
        return "\n".join(line for line in run.stdout.splitlines() if "error:" in line) or run.stdout[-2000:]
