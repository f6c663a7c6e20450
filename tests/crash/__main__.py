"""The long form of the crash tests: random kills, kills at every durable step, failing system calls; and a report."""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all of them, one after the other, and write what they say; 1 if any found a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path, default=Path("crash-report.txt"))
    parser.add_argument("--filings", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args(arguments)
    size = ["--filings", str(options.filings), "--seed", str(options.seed)]
    kill = ["kill", *size, "--kills", str(options.kills)]
    many = ["kill", *size, "--kills", str(options.kills // 2), "--per-message", "20"]
    failed = False
    with options.report.open("w", encoding="utf-8") as report:
        for module, *rest in (kill, many, ["steps", "--all"], ["inject"]):
            command = [sys.executable, "-m", f"tests.crash.{module}", *rest]
            done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
            failed |= bool(done.returncode)
            text = f"$ python {' '.join(command[1:])}\n{done.stdout}exit code {done.returncode}\n"
            print(text, end="", flush=True)
            report.write(text)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
