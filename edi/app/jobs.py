"""Finds the scheduled jobs: each file in `jobs/` defines `run(app)`, its docstring says what it is for."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import edi
from edi.app.composition import App
from edi.errors import UserError

Run = Callable[[App], object]


@dataclass(frozen=True)
class Job:
    """A job; its result is shown to people and is falsy when there was nothing to do."""

    name: str
    about: str
    """First line of the module's docstring."""
    run: Run

    def __call__(self, app: App) -> object:
        """Run the job."""
        return self.run(app)


def jobs_folder() -> Path:
    """`jobs/` beside the package in a checkout, inside it when installed."""
    package = Path(edi.__file__).resolve().parent
    beside = package.parent / "jobs"
    return (
        beside if beside.is_dir() and (package.parent / "pyproject.toml").is_file() else package / "_shipped" / "jobs"
    )


def find_jobs(folder: Path | None = None) -> dict[str, Job]:
    """All jobs by name. Raises UserError for a file that defines no `run`."""
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
    run = getattr(module, "run", None)
    if not callable(run):
        raise UserError(f"任务 {file} 没有定义 run(app)", f"The job {file} defines no run(app)")
    return Job(file.stem, (module.__doc__ or file.stem).strip().splitlines()[0], run)
