"""Sections of config.toml about operations: reports, reminders, silence, retention, alarms, log, health."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from edi.adapters.schedule import JobConfig, cron

MAIL_SECURITY = ("starttls", "tls", "none")
LOG_FORMATS = ("text", "json")


@dataclass(frozen=True, kw_only=True)
class ReportsConfig:
    """Section [reports]."""

    folder: Path = Path("reports")


@dataclass(frozen=True, kw_only=True)
class RemindersConfig:
    """Section [reminders]."""

    days: tuple[int, ...] = (30, 7, 1)


@dataclass(frozen=True, kw_only=True)
class SilenceConfig:
    """Section [silence]; 0 asks for no alarm."""

    receipt_hours: float = 24.0
    final_hours: float = 168.0


@dataclass(frozen=True, kw_only=True)
class RetentionConfig:
    """Section [retention]; 0 days keeps for ever."""

    tasks_days: int = 90
    job_runs_days: int = 90
    originals_days: int = 1095
    taken_days: int = 1095
    content_days: int = 1095
    archive: Path = Path("archive")
    archive_originals: bool = True


@dataclass(frozen=True, kw_only=True)
class AlarmsConfig:
    """Section [alarms]; the password of the mail account is no part of it."""

    file: Path = Path("var/alarms.log")
    mail_server: str = ""
    mail_security: str = "starttls"
    mail_user: str = ""
    mail_password_file: Path | None = None
    mail_from: str = ""
    mail_to: tuple[str, ...] = ()
    webhook: str = ""
    tls_authorities: Path | None = None
    timeout_seconds: float = 10.0


@dataclass(frozen=True, kw_only=True)
class LogConfig:
    """Section [log]."""

    format: str = "text"


@dataclass(frozen=True, kw_only=True)
class HealthConfig:
    """Section [health]."""

    file: Path = Path("var/health.json")
    metrics: Path = Path("var/metrics.prom")
    free_megabytes: int = 1024
    service: bool = True


class Operated(Protocol):
    """What of the whole configuration is looked at here."""

    @property
    def alarms(self) -> AlarmsConfig: ...  # noqa: D102
    @property
    def log(self) -> LogConfig: ...  # noqa: D102
    @property
    def jobs(self) -> Mapping[str, JobConfig]: ...  # noqa: D102


def senseless_operations(config: Operated, expected: Mapping[str, str]) -> Iterator[str]:
    """What is well-formed but cannot be meant; `expected` has the cron expression of each channel that has one."""
    yield from _senseless_alarms(config.alarms)
    if config.log.format not in LOG_FORMATS:
        yield f"log.format: 应为 {'、'.join(LOG_FORMATS)} / must be one of {', '.join(LOG_FORMATS)}"
    for name, expression in expected.items():
        if expression:
            yield from _faulty(f"channels.{name}.expect_by", expression)
    for name, job in config.jobs.items():
        if bool(job.every_seconds) == bool(job.cron):
            yield f"jobs.{name}: every_seconds（大于 0）与 cron 二选一 / give either every_seconds above 0 or cron"
        elif job.cron:
            yield from _faulty(f"jobs.{name}.cron", job.cron)


def _senseless_alarms(alarms: AlarmsConfig) -> Iterator[str]:
    if alarms.mail_server and not (alarms.mail_from and alarms.mail_to):
        yield "alarms: 发邮件须填写 mail_from 和 mail_to / mail needs mail_from and mail_to"
    if alarms.mail_security not in MAIL_SECURITY:
        yield f"alarms.mail_security: 应为 {'、'.join(MAIL_SECURITY)} / must be one of {', '.join(MAIL_SECURITY)}"
    if alarms.mail_user and alarms.mail_security == "none":
        yield "alarms.mail_security: 登录邮箱须加密，否则口令会明文传送 / a login needs tls or starttls, the password would be readable"
    if alarms.webhook and urlsplit(alarms.webhook).scheme not in ("http", "https"):
        yield "alarms.webhook: 应为 http 或 https 地址 / must be an http or https address"
    if not alarms.timeout_seconds:
        yield "alarms.timeout_seconds: 应大于 0 / must be greater than 0"


def _faulty(where: str, expression: str) -> Iterator[str]:
    try:
        cron(expression)
    except ValueError as error:
        yield f"{where}: {error}"
