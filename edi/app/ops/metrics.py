"""Prometheus metrics, in the text format: what the ledger counts, how the jobs ran, how the service is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from edi.adapters.files import write_whole
from edi.adapters.ledger_reader import OUTCOMES, LedgerReader
from edi.app.office import Office
from edi.app.ops.pulse import backlog, read_pulse
from edi.app.rota import last_runs
from edi.app.words import still_open
from edi.core.status import Status
from edi.core.times import from_iso


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One name with what it means."""

    name: str
    kind: str
    """`counter` or `gauge`."""
    zh: str
    en: str


@dataclass(frozen=True)
class Sample:
    """One number of a metric."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


METRICS = {
    one.name: one
    for one in (
        Metric(name="edi_files_total", kind="counter", zh="文件数，按结果", en="Files by what became of them"),
        Metric(name="edi_applications", kind="gauge", zh="申请数，按状态", en="Applications by status"),
        Metric(name="edi_receipts_total", kind="counter", zh="已计入的海关回执", en="Receipts counted"),
        Metric(name="edi_events_total", kind="counter", zh="台账事件数", en="Events in the ledger"),
        Metric(name="edi_backlog_files", kind="gauge", zh="各通道待收文件", en="Files waiting in each OutBox"),
        Metric(name="edi_held_tasks", kind="gauge", zh="因故暂缓的事项", en="Tasks held back by an outage"),
        Metric(name="edi_open_alarms", kind="gauge", zh="未恢复的告警", en="Alarms that are open"),
        Metric(name="edi_ledger_bytes", kind="gauge", zh="台账文件大小", en="Size of the ledger file"),
        Metric(
            name="edi_job_last_start_seconds",
            kind="gauge",
            zh="任务上次开始时刻",
            en="When each job began last, Unix time",
        ),
        Metric(name="edi_job_duration_seconds", kind="gauge", zh="任务上次用时", en="How long each job took last"),
        Metric(
            name="edi_job_good", kind="gauge", zh="任务上次是否成功", en="1 if the last run of a job came to its end"
        ),
        Metric(
            name="edi_service_last_round_seconds",
            kind="gauge",
            zh="服务上次活动时刻",
            en="Last sign of life of the service",
        ),
    )
}
"""All metrics, in the order they are shown."""


def write_metrics(office: Office) -> None:
    """Write the file for node_exporter's textfile collector. Raises OSError."""
    path = office.config.health.metrics
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole({path: metrics_text(office).encode("utf-8")})


def metrics_text(office: Office) -> str:
    """All metrics as Prometheus reads them."""
    samples = {**_counted(office.reader), **_jobs(office), **_standing(office)}
    return "".join(_shown(METRICS[name], samples[name]) for name in METRICS)


def _counted(reader: LedgerReader) -> dict[str, list[Sample]]:
    with reader.view() as ledger:
        files = dict(ledger.execute("select outcome, count(*) from files group by outcome").fetchall())
        statuses = dict(ledger.execute("select status, count(*) from applications group by status").fetchall())
        receipts = ledger.execute("select count(*) from receipts").fetchone()[0]
        events = ledger.execute("select coalesce(max(seq), 0) from events").fetchone()[0]
    return {
        "edi_files_total": [Sample(files.get(one, 0), {"outcome": one}) for one in OUTCOMES],
        "edi_applications": [Sample(statuses.get(one.token, 0), {"status": one.token}) for one in Status],
        "edi_receipts_total": [Sample(receipts)],
        "edi_events_total": [Sample(events)],
    }


def _jobs(office: Office) -> dict[str, list[Sample]]:
    runs = [one for one in last_runs(office.config).values() if one.runs]
    return {
        "edi_job_last_start_seconds": [Sample(_unix(one.started_at), {"job": one.name}) for one in runs],
        "edi_job_duration_seconds": [Sample(round(one.seconds, 3), {"job": one.name}) for one in runs],
        "edi_job_good": [Sample(int(one.good), {"job": one.name}) for one in runs],
    }


def _standing(office: Office) -> dict[str, list[Sample]]:
    held = office.reader.waiting()
    try:
        pulse = read_pulse(office.config.health.file)
    except (ValueError, OSError):  # `edi health` tells of it
        pulse = None
    return {
        "edi_backlog_files": [Sample(count, {"channel": name}) for name, count in backlog(office).items()],
        "edi_held_tasks": [Sample(len(held))],
        "edi_open_alarms": [Sample(len(still_open(office.reader.alarms(), held)))],
        "edi_ledger_bytes": [Sample(office.config.gateway.ledger.stat().st_size)],
        "edi_service_last_round_seconds": [Sample(_unix(from_iso(pulse["lastRound"])))] if pulse else [],
    }


def _unix(moment: datetime) -> float:
    return round(moment.timestamp(), 3)


def _shown(metric: Metric, samples: Sequence[Sample]) -> str:
    return "".join(f"{line}\n" for line in _lines(metric, samples))


def _lines(metric: Metric, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.en}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for one in samples:
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in one.labels.items())
        yield f"{metric.name}{{{labels}}} {one.value}" if labels else f"{metric.name} {one.value}"


def _escaped(value: str) -> str:
    """A label's value; the name of a channel may hold anything."""
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
