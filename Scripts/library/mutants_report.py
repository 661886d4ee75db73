"""The report of `Scripts/mutants`: which cases fail on which broken brokers, and so are proven.

Usage: python3 mutants_report.py [--part] [--crashed] RUNS

  RUNS        a line a run, in columns: fault, case, what became of it, milliseconds, what was seen; and a line for each
              fault, "listed"; the last column is "quirk" if the fault is in the broker
  --part      not all faults were run, so most cases stay unproven
  --crashed   the run did not come to its end
"""

import sys
from collections import Counter, defaultdict

NONE = "none"  # instead of a fault: the run on a sound broker


class Runs:
    """What came of each fault on each case, in the order of the file."""

    def __init__(self, lines):
        self.cases, self.faults, self.skipped, self.unsound = set(), {}, {}, {}
        self.count, self.tried, self.catchers = 0, Counter(), defaultdict(list)
        self.quirks = set()  # those of the faults that are in the broker itself
        for line in lines:
            fault, case, result, _, seen = (line.rstrip("\n").split("\t") + [""] * 5)[:5]
            if fault == NONE:
                self._add_sound(case, result, seen)
            else:
                self._add(fault, case, result, seen)

    def _add_sound(self, case, result, seen):
        if result == "skipped":
            self.skipped[case] = seen
            return
        self.cases.add(case)
        if result == "caught":
            self.unsound[case] = seen

    def _add(self, fault, case, result, seen):
        self.faults[fault] = True
        if result == "listed":
            if seen == "quirk":
                self.quirks.add(fault)
            return
        self.count += 1
        self.tried[fault] += 1
        if result == "caught" and case not in self.catchers[fault]:
            self.catchers[fault].append(case)

    def is_too_broad(self, fault):
        """Noticed by more than a quarter of the cases, it proves nothing for any of them."""
        return len(self.catchers[fault]) > 4 and len(self.catchers[fault]) * 4 > len(self.cases)

    def killers(self):
        """The faults that make each case fail: first those that few others catch, which say most about it."""
        killers = {case: [] for case in self.cases}
        for fault in sorted(self.faults, key=lambda fault: len(self.catchers[fault])):
            for case in [] if self.is_too_broad(fault) else self.catchers[fault]:
                if case in killers:
                    killers[case].append(fault)
        return killers


def some(names):
    """Three of them."""
    return "".join(f" {name}" for name in names[:3]), " …" if len(names) > 3 else ""


def print_faults(runs):
    print(f"{'fault':<52} {'tried':>5} {'seen':>5}  by")
    for fault in runs.faults:
        first, more = some(runs.catchers[fault])
        if runs.is_too_broad(fault):
            more += "  (too broad, not counted)"
        print(f"{fault:<52} {runs.tried[fault]:>5} {len(runs.catchers[fault]):>5} {first}{more}")


def print_cases(killers):
    print(f"\n{'case':<52} {'fails':>5}  with")
    for case, faults in sorted(killers.items()):
        first, more = some(faults)
        print(f"{case:<52} {len(faults):>5} {first}{more}")
    times = Counter(min(len(faults), 6) for faults in killers.values())
    counts = ", ".join(f"{number}: {times[number]}" for number in range(2, 6))
    print(f"\ncases that fail with 1 fault: {times[1]}, {counts}, more: {times[6]}")


def report(runs, is_part, has_crashed):
    """Prints all of it, and gives the exit status."""
    killers = runs.killers()
    print_faults(runs)
    print_cases(killers)
    unproven = sorted(case for case, faults in killers.items() if not faults and case not in runs.unsound)
    unnoticed = [fault for fault in runs.faults if not runs.catchers[fault]]
    for case in unproven:
        print(f"not proven: no fault makes {case} fail")
    for fault in unnoticed:
        print(f"not noticed: {fault}{'' if runs.tried[fault] else ', which changes nothing in any case'}")
    for case, seen in runs.unsound.items():
        print(f"unsound: {case} fails without a fault: {seen}")
    for case, reason in sorted(runs.skipped.items()):
        print(f"not run: {case}: {reason}")
    def told(faults, kind):
        missed = sum(1 for fault in faults if fault in unnoticed)
        return f"{len(faults)} {kind}, {missed} not noticed"

    proven = sum(1 for faults in killers.values() if faults)
    share = 100 * proven / len(runs.cases) if runs.cases else 0
    print(
        f"\n{runs.count} runs; {told(runs.faults.keys() - runs.quirks, 'faults')}; {told(runs.quirks, 'quirks')}; "
        f"{proven} of {len(runs.cases)} cases proven, {share:.1f} %; {len(runs.skipped)} not run here"
    )
    if not runs.cases:
        return 2
    # With some of the faults only, most cases stay unproven.
    return 1 if (unproven and not is_part) or unnoticed or runs.unsound or has_crashed else 0


def main(words):
    flags = {word for word in words if word.startswith("--")}
    files = [word for word in words if word not in flags]
    if len(files) != 1 or flags - {"--part", "--crashed"}:
        print(__doc__, file=sys.stderr)
        return 64
    with open(files[0], encoding="utf-8") as lines:
        return report(Runs(lines), "--part" in flags, "--crashed" in flags)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
