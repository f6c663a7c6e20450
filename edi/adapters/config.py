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
from enum import Enum
from pathlib import Path
from typing import Any

from edi.adapters.config_crls import CrlSourceConfig, senseless_sources
from edi.adapters.config_faults import FaultsConfig, senseless_faults
from edi.adapters.config_ops import (
    AlarmsConfig,
    HealthConfig,
    LogConfig,
    RemindersConfig,
    ReportsConfig,
    RetentionConfig,
    SilenceConfig,
    senseless_operations,
)
from edi.adapters.config_station import StationConfig, unusable_station
from edi.adapters.schedule import JobConfig
from edi.adapters.transport.settings import ChannelSftp, ReceiverSftp, sftp_problems
from edi.checks.holder import Places
from edi.core.identity import Medium
from edi.core.retry import RetryPolicy
from edi.core.routing import Route
from edi.errors import UserError
from edi.messages.algorithms import Extra

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
    crls: Path = Path("pki/crl")
    crl_max_age_seconds: float = 0.0
    crl_sources: dict[str, CrlSourceConfig] = field(default_factory=dict)
    media: dict[str, Medium] = field(default_factory=dict)
    names: Places = Places()


@dataclass(frozen=True, kw_only=True)
class ChannelConfig:
    """Section [channels.NAME]; boxes left out follow the name of the channel."""

    outbox: Path | None = None
    sentbox: Path | None = None
    failbox: Path | None = None
    inbox: Path | None = None
    enterprises: tuple[str, ...] = ()
    messages: tuple[str, ...] = ("*",)
    signatures: tuple[Extra, ...] = ()
    file_bytes: int = 33_554_432
    files_per_minute: int = 60_000
    expect_by: str = ""
    sftp: ChannelSftp | None = None


@dataclass(frozen=True, kw_only=True)
class ReceiverConfig:
    """Section [receivers.NAME]."""

    node: str
    send: Path
    collect: Path
    certificates: tuple[Path, ...]
    renames_into_place: bool = False
    takes_bundles: bool = False
    ask_again_hours: float = 24.0
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
    sends_bundles: bool = False
    faults: FaultsConfig = field(default_factory=FaultsConfig)


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
    station: StationConfig = field(default_factory=StationConfig)
    jobs: dict[str, JobConfig] = field(default_factory=dict)
    reports: ReportsConfig = field(default_factory=ReportsConfig)
    reminders: RemindersConfig = field(default_factory=RemindersConfig)
    silence: SilenceConfig = field(default_factory=SilenceConfig)
    retention: RetentionConfig = field(default_factory=RetentionConfig)
    alarms: AlarmsConfig = field(default_factory=AlarmsConfig)
    health: HealthConfig = field(default_factory=HealthConfig)
    log: LogConfig = field(default_factory=LogConfig)


def load_config(path: Path) -> Config:
    """The configuration in `path`. Raises UserError listing every problem found."""
    return parse_config(read_text(path), path)


def read_text(path: Path) -> str:
    """The text of the configuration in `path`. Raises UserError if there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UserError(
            f"找不到配置文件 {path}；请在工作目录中运行，用 --home 指定目录，或先用 edi init 新建",
            f"There is no configuration at {path}; run inside a workspace, give --home, or make one with `edi init`",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def parse_config(text: str, path: Path) -> Config:
    """The configuration `text`, as if it stood in `path`. Raises UserError listing every problem found."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(path, error) from error
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


def _unreadable(path: Path, error: Exception) -> UserError:
    return UserError(f"配置文件 {path} 无法读取：{error}", f"The configuration {path} cannot be read: {error}")


def _contradictions(config: Config) -> list[str]:
    """What is well-formed but cannot be meant."""
    return [
        *_unknown_receivers(config),
        *_clashing_folders(config),
        *_senseless_values(config),
        *unusable_station(config.station, config.channels),
        *senseless_operations(config, {name: one.expect_by for name, one in config.channels.items()}),
        *_bad_accounts(config),
        *senseless_faults(config.simulator.faults),
        *senseless_sources(config.trust.crl_sources, config.trust.authorities),
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
    if config.station.enabled:
        for box in ("unsigned", "signed", "refused"):
            yield f"station.{box}", getattr(config.station, box)


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
        if Extra.EPORT_KEY in channel.signatures and not channel.enterprises:
            yield (
                f"channels.{name}.enterprises: 接收 eport-key 签名时必须列出企业，因为此类证书只载组织机构代码 / must list the "
                "enterprises where eport-key is accepted, whose certificates name an organisation code only"
            )
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
            elif dataclasses.is_dataclass(hints[name]) and not _required(one):
                values[name] = self.read(hints[name], {}, _join(where, name))
            elif _required(one):
                values[name] = self._problem(_join(where, name), "缺少必填的键 / a required key is missing")
            elif isinstance(one.default, Path):
                values[name] = self._home / one.default
        return None if self._problems else cls(**values)

    def _value(self, hint: Any, value: Any, where: str) -> Any:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is types.UnionType:  # something or None, which is written as nothing
            return None if value == "" else self._value(arguments[0], value, where)
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
        if isinstance(hint, type) and issubclass(hint, Enum) and value in [one.value for one in hint]:
            return hint(value)
        if hint is float and isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf:
            return float(value)
        if hint is int and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        if hint in (str, bool) and isinstance(value, hint):
            return value
        return self._problem(where, f"值 {value!r} 不对，应为 {_kind(hint)} / {value!r} is not a valid {_kind(hint)}")

    def _problem(self, where: str, text: str) -> Any:
        """Note a problem; the None that comes back stands for the missing value."""
        self._problems.append(f"{where or 'config.toml'}: {text}")
        return None


def _kind(hint: type[Any]) -> str:
    """What a value should be; of an enumeration all that it may be."""
    return " | ".join(str(one.value) for one in hint) if issubclass(hint, Enum) else hint.__name__


def _required(one: dataclasses.Field[Any]) -> bool:
    return one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
