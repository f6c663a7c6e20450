"""Sections [trust.crl_sources.NAME] of config.toml: where the job `crl_refresh` takes revocation lists from."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_NAME = re.compile("[0-9A-Za-z][0-9A-Za-z_-]*")


@dataclass(frozen=True, kw_only=True)
class CrlSourceConfig:
    """Where the list of one authority comes from: either `url` or `path`, which is a file or a folder of files."""

    authority: Path
    url: str = ""
    path: Path | None = None
    tls_authorities: Path | None = None
    timeout_seconds: float = 60.0

    @property
    def place(self) -> str:
        """Where from, for people; what an address asks for behind its path may be a secret."""
        return str(self.path) if self.path else self.url.partition("?")[0]


def senseless_sources(sources: Mapping[str, CrlSourceConfig], trusted: Collection[Path]) -> Iterator[str]:
    """What is well-formed but cannot be meant; `trusted` are the files of our authorities."""
    for name, source in sources.items():
        where = f"trust.crl_sources.{name}"
        if not _NAME.fullmatch(name):
            yield f"{where}: 名称只能用字母、数字、_ 和 -，它也是文件名 / letters, digits, _ and - only: it names the file"
        if source.authority not in trusted:
            yield f"{where}.authority: 应为 trust.authorities 之一 / must be one of trust.authorities"
        if bool(source.url) == bool(source.path):
            yield f"{where}: url 与 path 二选一 / give either url or path"
        elif source.url:
            yield from _senseless_address(where, source)
        if not source.timeout_seconds:
            yield f"{where}.timeout_seconds: 应大于 0 / must be greater than 0"


def _senseless_address(where: str, source: CrlSourceConfig) -> Iterator[str]:
    try:
        parts = urlsplit(source.url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not (source.url.isascii() and source.url.isprintable() and " " not in source.url):
        yield f"{where}.url: 应为 http 或 https 地址 / must be an http or https address"
    elif "@" in parts.netloc:
        yield f"{where}.url: 不能含用户名和口令 / must hold neither user nor password"
    elif source.tls_authorities and parts.scheme != "https":
        yield f"{where}.tls_authorities: 只用于 https 地址 / is for https addresses only"
