"""Finds the scheduled jobs: each file in `jobs/` is one, its docstring says what it is for.

A job that moves files defines `run(app)` and has the workspace for itself; one that only asks the ledger
and writes to it defines `run_beside(office)` and never holds the exchange up.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import edi
from edi.app.composition import App
from edi.app.office import Office
from edi.errors import UserError

Result = int | Mapping[str, int]
"""What a job did, as a number or as numbers by kind; all 0 if there was nothing to do."""


@dataclass(frozen=True)
class Job:
    """A job."""

    name: str
    zh: str
    """What it is for: the first line of the module's docstring, in Chinese and English."""
    en: str
    run: Callable[[Any], Result]
    beside: bool
    """True if it may run beside the exchange, in another thread or process; then it is handed an `Office`."""

    def __call__(self, worker: App | Office) -> Mapping[str, int]:
        """Run the job; its counts."""
        result = self.run(worker)
        return {"done": result} if isinstance(result, int) else result


def jobs_folder() -> Path:
    """`jobs/` beside the package in a checkout, inside it when installed."""
    package = Path(edi.__file__).resolve().parent
    beside = package.parent / "jobs"
    return (
        beside if beside.is_dir() and (package.parent / "pyproject.toml").is_file() else package / "_shipped" / "jobs"
    )


def find_jobs(folder: Path | None = None) -> dict[str, Job]:
    """All jobs by name. Raises UserError for a file that is no job."""
    files = sorted((folder or jobs_folder()).glob("*.py"))
    return {file.stem: _load(file) for file in files if not file.name.startswith("_")}


def _load(file: Path) -> Job:
    spec = importlib.util.spec_from_file_location(f"edi_job_{file.stem}", file)
    module = importlib.util.module_from_spec(spec) if spec else None
    if spec is None or spec.loader is None or module is None:
        raise UserError(f"无法载入任务 {file}", f"The job {file} cannot be loaded")
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserError(
            f"任务 {file} 载入时出错：{type(error).__name__}: {error}；请改正该文件",
            f"The job {file} fails when it is loaded: {type(error).__name__}: {error}; mend the file",
        ) from error
    found = [getattr(module, name, None) for name in ("run", "run_beside")]
    runs = [one for one in found if callable(one)]
    if len(runs) != 1:
        raise UserError(
            f"任务 {file} 应定义 run(app) 或 run_beside(office)，二者取一",
            f"The job {file} must define either run(app) or run_beside(office)",
        )
    zh, _, en = (module.__doc__ or file.stem).strip().splitlines()[0].partition(" / ")
    return Job(file.stem, zh, en.rstrip(".") or zh, runs[0], beside=runs[0] is found[1])
