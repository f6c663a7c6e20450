"""Is all well? Each component is asked by itself; the trouble of one does not keep the others from answering."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.clock import Clock
from edi.adapters.config import Config
from edi.adapters.job_book import JobRun
from edi.adapters.keys import load_certificates, load_signing_key
from edi.adapters.ledger_reader import LedgerReader
from edi.adapters.schedule import JobConfig, next_time
from edi.adapters.transport.journal import noted_troubles
from edi.app.channels import channels_of
from edi.app.composition import passphrase
from edi.app.ferrying import journal_of
from edi.app.ops.pulse import read_pulse
from edi.app.rota import last_runs
from edi.app.words import still_open
from edi.core.characters import plain
from edi.core.times import china, from_iso
from edi.errors import EdiError, TryLater

LATE = timedelta(minutes=5)
"""How long after its time a job may begin, and how old the service's last sign of life may be."""
MEGABYTE = 1 << 20
TOLD_BY_FERRY = "alarm_sftp"


class State(Enum):
    """How a component is; the value is the exit code it asks for."""

    WELL = 0
    FAULT = 1
    """A person has to do something."""
    LATER = 75
    """Out of reach or held back at the moment; it is tried again by itself."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one component says."""

    component: str
    state: State
    zh: str
    en: str


Said = tuple[State, str, str]


def ask_all(config: Config, clock: Clock) -> list[Answer]:
    """Every component's answer."""
    answers = [Answer(component="config", state=State.WELL, zh="配置有效", en="the configuration is valid")]
    for name, ask in COMPONENTS.items():
        try:
            said = list(ask(config, clock))
        except TryLater as outage:
            said = [(State.LATER, outage.zh, outage.en)]
        except EdiError as error:
            said = [(State.FAULT, error.zh, error.en)]
        except OSError as error:
            said = [(State.LATER, cause_zh(error), cause_en(error))]
        said = said or [(State.WELL, "正常", "well")]
        answers += [Answer(component=name, state=state, zh=plain(zh), en=plain(en)) for state, zh, en in said]
    return answers


def exit_code(answers: list[Answer]) -> int:
    """1 if a person is asked for, 75 if something is only held up, 0 if all is well."""
    states = {one.state for one in answers}
    return next((one.value for one in (State.FAULT, State.LATER) if one in states), State.WELL.value)


def _ledger(config: Config, _clock: Clock) -> Iterator[Said]:
    reader = LedgerReader(config.gateway.ledger)
    held = reader.waiting()
    alarms = [one for one in still_open(reader.alarms(), held) if one["kind"] != TOLD_BY_FERRY]
    if alarms:
        yield (
            State.FAULT,
            f"有 {len(alarms)} 条告警（edi status --held）",
            f"alarms open: {len(alarms)} (edi status --held)",
        )
    if held:
        yield State.LATER, f"有 {len(held)} 项暂缓（edi status --held）", f"held back: {len(held)} (edi status --held)"


def _boxes(config: Config, _clock: Clock) -> Iterator[Said]:
    for name, channel in channels_of(config).items():
        boxes = channel.boxes
        for folder in (boxes.outbox, boxes.sentbox, boxes.failbox, boxes.inbox):
            yield from _usable(name, folder)


def _receivers(config: Config, _clock: Clock) -> Iterator[Said]:
    for name, receiver in config.receivers.items():
        for folder in (receiver.send, receiver.collect):
            yield from _usable(name, folder)


def _sftp(config: Config, _clock: Clock) -> Iterator[Said]:
    """What the ferry noted of the lines there are; nobody connects to ask."""
    lines = [f"channels.{name}" for name, one in config.channels.items() if one.sftp]
    lines += [f"receivers.{name}" for name, one in config.receivers.items() if one.sftp]
    for name, one in noted_troubles(journal_of(config)).items():
        if one.told and any(f"{name}.".startswith(f"{line}.") for line in lines):
            state = State.FAULT if one.fault else State.LATER
            since, due = china(one.since), china(one.due)
            yield (
                state,
                f"{name}：{one.zh}；自 {since} 起已试 {one.attempts} 次，下次 {due}（北京时间）",
                f"{name}: {one.en}; since {since}, attempts: {one.attempts}, next {due} China time",
            )


def _usable(name: str, folder: Path) -> Iterator[Said]:
    if not folder.is_dir():
        yield State.LATER, f"{name} 的目录 {folder} 不存在或未挂载", f"the folder {folder} of {name} is missing"
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield (
            State.FAULT,
            f"{name} 的目录 {folder} 没有读写权限",
            f"the folder {folder} of {name} may not be read and written",
        )


def _keys(config: Config, clock: Clock) -> Iterator[Said]:
    """Whether our keys fit their certificates and no certificate has ended."""
    load_signing_key(config.gateway.key, config.gateway.certificate, passphrase())
    paths = [config.gateway.certificate, *config.trust.authorities]
    paths += [path for receiver in config.receivers.values() for path in receiver.certificates]
    for path in dict.fromkeys(paths):
        for certificate in load_certificates(path):
            if not certificate.not_valid_before_utc <= clock() <= certificate.not_valid_after_utc:
                until = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
                yield (
                    State.FAULT,
                    f"证书 {path} 不在有效期内（至 {until}）",
                    f"the certificate {path} is not valid (until {until})",
                )


def _disk(config: Config, _clock: Clock) -> Iterator[Said]:
    """Free space where the ledger is and where files are written."""
    folders = [config.gateway.ledger.parent, *(one.boxes.inbox for one in channels_of(config).values())]
    seen = set()
    for folder in (one for one in folders if one.is_dir()):
        device = folder.stat().st_dev
        free = shutil.disk_usage(folder).free // MEGABYTE
        if device not in seen and free < config.health.free_megabytes:
            yield State.FAULT, f"{folder} 所在磁盘只剩 {free} MB", f"only {free} MB are free on the disk of {folder}"
        seen.add(device)


def _jobs(config: Config, clock: Clock) -> Iterator[Said]:
    runs = last_runs(config)
    for name, plan in config.jobs.items():
        run = runs.get(name)
        if run and not run.good:
            when = china(run.started_at.isoformat())
            yield State.FAULT, f"任务 {name} 于 {when} 出错：{run.error_zh}", f"the job {name} failed: {run.error_en}"
        elif run is None or overdue(plan, run, clock):
            yield (
                State.FAULT,
                f"任务 {name} 没有按时运行；请检查 edi run 或 cron",
                f"the job {name} did not run in time; look at `edi run` or cron",
            )


def overdue(plan: JobConfig, run: JobRun, clock: Clock) -> bool:
    """True if the job should have run again some time ago."""
    due = next_time(plan, run.started_at, clock())
    return due is not None and due + LATE < clock()


def _service(config: Config, clock: Clock) -> Iterator[Said]:
    if not config.health.service:
        return
    try:
        pulse = read_pulse(config.health.file)
    except ValueError:
        file = config.health.file
        yield State.FAULT, f"运行状况文件 {file} 内容不对；请删除", f"the health file {file} is damaged; delete it"
        return
    if pulse is None:
        yield State.FAULT, "服务没有在运行；请启动 edi run", "the service does not run; start `edi run`"
    elif not _alive(pulse["pid"]):
        yield (
            State.FAULT,
            f"服务（进程 {pulse['pid']}）已异常终止；请重新启动",
            f"the service (process {pulse['pid']}) died; start it again",
        )
    elif clock() - from_iso(pulse["lastRound"]) > LATE:
        when = china(pulse["lastRound"])
        yield (
            State.FAULT,
            f"服务自 {when} 起没有进展；请查看日志",
            f"the service made no progress since {when} China time; see its log",
        )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


COMPONENTS: dict[str, Callable[[Config, Clock], Iterator[Said]]] = {
    "ledger": _ledger,
    "boxes": _boxes,
    "receivers": _receivers,
    "sftp": _sftp,
    "keys": _keys,
    "disk": _disk,
    "jobs": _jobs,
    "service": _service,
}
"""Who is asked, in this order, after the configuration itself."""
