"""`make fuzz`: fuzzes for some minutes and tells what came out. `python -m tests.fuzz --minutes 5 [--seed N]`."""

import argparse
import random
import secrets
import sys
import time
import traceback
from collections import Counter

from .mutations import Step
from .targets import TARGETS, Plan, the_world

SLOW = 5.0
"""Seconds of processor time after which a run counts as a failure."""


def plan_of(chance):
    """A plan by chance; mostly few mutations, for many of them only ever meet the first check."""

    def steps(weights):
        (count,) = chance.choices(range(len(weights)), weights)
        return tuple(Step(*(chance.randrange(1 << 20) for _ in range(4))) for _ in range(count))

    return Plan(
        seed=chance.randrange(1 << 20),
        before=steps((4, 4, 2, 1)),
        sign=chance.random() < 0.8,
        after=steps((3, 6, 3, 2, 1)),
        wrap=steps((6, 2, 1)),
        bare=chance.random() < 0.5,
    )


def run(target, plan):
    """The codes that came out, and the seconds it took."""
    start = time.process_time()
    codes = TARGETS[target](plan)
    seconds = time.process_time() - start
    assert seconds < SLOW, f"{seconds:.1f} s"
    return codes, seconds


def main():
    """Run, print, and end with 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=None, help="repeat the runs of an earlier time")
    options = parser.parse_args()
    seed = secrets.randbits(32) if options.seed is None else options.seed
    chance = random.Random(seed)
    world = the_world()
    corpus = len(world.contents) + len(world.receipts) + len(world.certificates) + 4
    print(f"seed {seed}, corpus of {corpus} seeds, {options.minutes} minutes", flush=True)
    runs, answers, slowest, broken = Counter(), Counter(), Counter(), Counter()
    end = time.monotonic() + 60 * options.minutes
    while time.monotonic() < end:
        (target,) = chance.choices(list(TARGETS), (20, 8, 4, 4, 4, 1))
        plan = plan_of(chance)
        runs[target] += 1
        try:
            codes, seconds = run(target, plan)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{target}: {type(error).__name__} at {place.filename}:{place.lineno}"
            broken[where] += 1
            if broken[where] == 1:
                print(f"BROKEN {where}: {str(error)[:200]}\n  {plan}", flush=True)
            continue
        slowest[target] = max(slowest[target], seconds)
        answers.update((target, code) for code in dict.fromkeys(codes) or ("clean",))
    for target, count in runs.items():
        told = ", ".join(f"{code} {number}" for (one, code), number in answers.most_common() if one == target)
        print(f"{target:12} {count:8} runs, slowest {slowest[target]:.2f} s: {told}")
    print(f"{sum(runs.values())} runs, {sum(broken.values())} broken promises")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
