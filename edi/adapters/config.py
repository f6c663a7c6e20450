"""config.toml as frozen values. Unknown, missing and wrong keys are all reported together.

Paths are relative to the folder of the configuration file. `config.toml` at the top of the project
documents every key; `tests/test_docs.py` holds the two together.
"""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edi.core.identity import Medium
from edi.core.retry import RetryPolicy
from edi.core.routing import Route
from edi.errors import UserError


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


@dataclass(frozen=True, kw_only=True)
class ReceiverConfig:
    """Section [receivers.NAME]."""

    node: str
    send: Path
    collect: Path
    certificates: tuple[Path, ...]


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
    found = [
        f"routes: 接收方 {route.receiver} 未定义 / receiver {route.receiver} is not defined"
        for route in config.routes
        if route.receiver not in config.receivers
    ]
    if config.simulator.review not in ("auto", "manual"):
        found.append("simulator.review: 应为 auto 或 manual / must be auto or manual")
    found.extend(
        f"jobs.{name}: every_seconds 与 cron 二选一 / give either every_seconds or cron"
        for name, job in config.jobs.items()
        if bool(job.every_seconds) == bool(job.cron)
    )
    return found


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
        if hint is Medium and value in Medium.__members__:
            return Medium[value]
        if hint is float and isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
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
