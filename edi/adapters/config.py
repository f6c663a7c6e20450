"""config.toml as frozen values. Unknown, missing and wrong keys are all reported together.

Paths are relative to the folder of the configuration file. `config.toml` at the top of the project
documents every key; `tests/test_docs.py` holds the two together.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apscheduler.triggers.cron import CronTrigger

from edi.adapters.transport.settings import ChannelSftp, ReceiverSftp, sftp_problems
from edi.core.identity import Medium
from edi.core.retry import RetryPolicy
from edi.core.routing import Route
from edi.errors import UserError

LONGEST_NODE = 16
"""Characters of a DXP node id (exchange 4)."""

_KINDS: dict[Any, tuple[str, str]] = {
    int: ("不小于 0 的整数", "a whole number from 0"),
    float: ("不小于 0 的数", "a number from 0"),
    str: ("文字（加引号）", "a text in quotes"),
    bool: ("true 或 false", "true or false"),
    Path: ("路径（加引号）", "a path in quotes"),
}


@dataclass(frozen=True, kw_only=True)
class GatewayConfig:
    """Section [gateway]."""

    node: str
    ledger: Path = Path("var/ledger.sqlite")
    quarantine: Path = Path("var/quarantine")
    key: Path = Path("pki/gateway.key")
    certificate: Path = Path("pki/gateway.pem")
    settle_seconds: float = 1.0
    batch: int = 200
    workers: int = 0


@dataclass(frozen=True, kw_only=True)
class ContractConfig:
    """Section [contract]."""

    schemas: tuple[Path, ...] = ()
    forms: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TrustConfig:
    """Section [trust]."""

    authorities: tuple[Path, ...]
    media: dict[str, Medium] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ChannelConfig:
    """Section [channels.NAME]; boxes left out follow the name of the channel."""

    outbox: Path | None = None
    sentbox: Path | None = None
    failbox: Path | None = None
    inbox: Path | None = None
    enterprises: tuple[str, ...] = ()
    messages: tuple[str, ...] = ("*",)
    file_bytes: int = 33_554_432
    files_per_minute: int = 60_000
    sftp: ChannelSftp | None = None


@dataclass(frozen=True, kw_only=True)
class ReceiverConfig:
    """Section [receivers.NAME]."""

    node: str
    send: Path
    collect: Path
    certificates: tuple[Path, ...]
    renames_into_place: bool = False
    sftp: ReceiverSftp | None = None


@dataclass(frozen=True, kw_only=True)
class SimulatorConfig:
    """Section [simulator]."""

    enabled: bool = False
    node: str = ""
    register: Path = Path("customs/register.sqlite")
    collect: Path = Path("customs/in")
    deliver: Path = Path("customs/out")
    key: Path = Path("pki/customs.key")
    certificate: Path = Path("pki/customs.pem")
    review: str = "auto"
    lodge_delay_seconds: float = 0.0
    accept_delay_seconds: float = 0.0
    decision_delay_seconds: float = 0.0
    seed: int = 1
    batch: int = 200


@dataclass(frozen=True, kw_only=True)
class JobConfig:
    """Section [jobs.NAME]: either `every_seconds` or `cron`."""

    every_seconds: float = 0.0
    cron: str = ""


@dataclass(frozen=True, kw_only=True)
class Config:
    """The whole configuration."""

    home: Path = Path()
    """The folder it was read from; not a key."""
    gateway: GatewayConfig
    trust: TrustConfig
    contract: ContractConfig = ContractConfig()
    channels: dict[str, ChannelConfig] = field(default_factory=dict)
    receivers: dict[str, ReceiverConfig] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    retry: RetryPolicy = RetryPolicy()
    simulator: SimulatorConfig = SimulatorConfig()
    jobs: dict[str, JobConfig] = field(default_factory=dict)


def load_config(path: Path) -> Config:
    """The configuration in `path`. Raises UserError listing every problem found."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(
            f"找不到配置文件 {path}；请在工作目录中运行，用 --home 指定目录，或先用 edi init 新建",
            f"There is no configuration at {path}; run inside a workspace, give --home, or make one with `edi init`",
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(
            f"配置文件 {path} 无法读取：{error}", f"The configuration {path} cannot be read: {error}"
        ) from error
    problems: list[str] = []
    config = _Reader(path.absolute().parent, problems).read(Config, table, "")
    if not problems:
        problems.extend(_contradictions(config))
    if problems:
        raise UserError(
            f"配置文件 {path} 有 {len(problems)} 处问题，请逐条改正",
            f"The configuration {path} has {len(problems)} problem(s); mend each",
            problems,
        )
    return dataclasses.replace(typing.cast("Config", config), home=path.absolute().parent)


def _contradictions(config: Config) -> list[str]:
    """What is well-formed but cannot be meant."""
    return [
        *_unknown_receivers(config),
        *_clashing_folders(config),
        *_senseless_values(config),
        *_bad_schedules(config),
        *_bad_accounts(config),
    ]


def _unknown_receivers(config: Config) -> list[str]:
    return [
        f"routes: 接收方 {route.receiver} 未定义 / receiver {route.receiver} is not defined"
        for route in config.routes
        if route.receiver not in config.receivers
    ]


def _clashing_folders(config: Config) -> list[str]:
    """A folder with two meanings would feed our own answers back to us."""
    used: dict[Path, str] = {}
    problems = []
    for name, folder in _folders(config):
        place = folder.resolve()
        if place in used:
            problems.append(f"{name}: 与 {used[place]} 是同一目录，须各用各的 / the same folder as {used[place]}")
        used.setdefault(place, name)
    return problems


def _folders(config: Config) -> Iterator[tuple[str, Path]]:
    for name, channel in config.channels.items():
        for box in ("outbox", "sentbox", "failbox", "inbox"):
            folder = getattr(channel, box)
            if folder is not None:
                yield f"channels.{name}.{box}", folder
    for name, receiver in config.receivers.items():
        yield f"receivers.{name}.send", receiver.send
        yield f"receivers.{name}.collect", receiver.collect


def _senseless_values(config: Config) -> Iterator[str]:
    nodes = {"gateway.node": config.gateway.node} | {f"receivers.{n}.node": r.node for n, r in config.receivers.items()}
    for where, node in nodes.items():
        if not 1 <= len(node) <= LONGEST_NODE:
            yield f"{where}: 节点号应为 1–{LONGEST_NODE} 个字符 / must have 1 to {LONGEST_NODE} characters"
    for name, receiver in config.receivers.items():
        if not receiver.certificates:
            yield f"receivers.{name}.certificates: 为空则任何回执都不可信，请填写 / empty: no receipt could be believed"
    for name, channel in config.channels.items():
        if not channel.file_bytes or not channel.files_per_minute:
            yield f"channels.{name}: file_bytes 和 files_per_minute 应大于 0 / must be greater than 0"
    if config.gateway.batch == 0 or config.simulator.batch == 0:
        yield "batch: 应大于 0 / must be greater than 0"
    if config.simulator.review not in ("auto", "manual"):
        yield "simulator.review: 应为 auto 或 manual / must be auto or manual"


def _bad_accounts(config: Config) -> Iterator[str]:
    for name, channel in config.channels.items():
        if channel.sftp:
            yield from sftp_problems(f"channels.{name}.sftp", channel.sftp)
    for name, receiver in config.receivers.items():
        if receiver.sftp:
            yield from sftp_problems(f"receivers.{name}.sftp", receiver.sftp)


def _bad_schedules(config: Config) -> Iterator[str]:
    for name, job in config.jobs.items():
        if bool(job.every_seconds) == bool(job.cron):
            yield f"jobs.{name}: every_seconds（大于 0）与 cron 二选一 / give either every_seconds above 0 or cron"
        elif job.cron:
            try:
                CronTrigger.from_crontab(job.cron)
            except ValueError as error:
                yield (
                    f"jobs.{name}.cron: “{job.cron}”不是有效的五段 cron 表达式（分 时 日 月 周） / "
                    f"not a valid cron expression of five fields: {error}"
                )


class _Reader:
    """Turns TOML tables into dataclasses by their annotations."""

    def __init__(self, home: Path, problems: list[str]) -> None:
        self._home = home
        self._problems = problems

    def read(self, cls: type[Any], table: Any, where: str) -> Any:
        if not isinstance(table, dict):
            return self._problem(where, "应为一节（表） / must be a table")
        hints = typing.get_type_hints(cls)
        fields = {one.name: one for one in dataclasses.fields(cls) if (cls, one.name) != (Config, "home")}
        for name in table.keys() - fields.keys():
            self._problem(
                _join(where, name), "未知的键，请删除或改正拼写 / unknown key, remove it or mend its spelling"
            )
        values: dict[str, Any] = {}
        for name, one in fields.items():
            if name in table:
                values[name] = self._value(hints[name], table[name], _join(where, name))
            elif one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING:
                values[name] = self._problem(_join(where, name), "缺少必填的键 / a required key is missing")
            elif isinstance(one.default, Path):
                values[name] = self._home / one.default
        return None if self._problems else cls(**values)

    def _value(self, hint: Any, value: Any, where: str) -> Any:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is types.UnionType:
            return self._value(arguments[0], value, where)
        if origin is tuple and isinstance(value, list):
            return tuple(self._value(arguments[0], one, f"{where}[{n}]") for n, one in enumerate(value))
        if origin is dict and isinstance(value, dict):
            return {name: self._value(arguments[1], one, _join(where, name)) for name, one in value.items()}
        if origin in (tuple, dict):
            return self._problem(where, "应为数组或一节（表） / must be an array or a table")
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            return self.read(hint, value, where)
        return self._plain(hint, value, where)

    def _plain(self, hint: Any, value: Any, where: str) -> Any:
        if hint is Path and isinstance(value, str):
            return self._home / value
        if hint is Medium and isinstance(value, str) and value in Medium.__members__:
            return Medium[value]
        if hint is float and isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf:
            return float(value)
        if hint is int and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        if hint in (str, bool) and isinstance(value, hint):
            return value
        return self._problem(
            where, f"值 {value!r} 不对，应为 {hint.__name__} / {value!r} is not a valid {hint.__name__}"
        )

    def _problem(self, where: str, text: str) -> Any:
        """Note a problem; the None that comes back stands for the missing value."""
        self._problems.append(f"{where or 'config.toml'}: {text}")
        return None


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
