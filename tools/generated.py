"""Files that are made from others: written where they differ, or with `--check` only told."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Mapping
from pathlib import Path


def run(
    about: str, root: Path, wanted: Callable[[], Mapping[Path, str]], present: Callable[[], Collection[Path]]
) -> int:
    """Bring the files that `wanted` gives up to date and remove those of `present` that are no longer made.

    With `--check` nothing is written, and the exit code is 1 if anything is missing, stale or superfluous.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if anything is stale")
    check = parser.parse_args().check
    files = wanted()
    out_of_date = stale(files, present())
    for path in out_of_date:
        print(f"{'stale' if check else 'written' if path in files else 'removed'}: {path.relative_to(root)}")
        if not check:
            _bring_up_to_date(path, files.get(path))
    return int(check and bool(out_of_date))


def stale(files: Mapping[Path, str], present: Collection[Path]) -> list[Path]:
    """Files that are missing, differ, or are no longer made."""
    differing = [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    return [*differing, *sorted(set(present) - set(files))]


def _bring_up_to_date(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
