"""Ways to tell a person of an alarm: a file, a mail, a post to an address. Each either tells all or raises.

What goes out: sentences, numbers of applications, names of files, channels and receivers.
"""

from __future__ import annotations

import json
import os
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any, Protocol

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.config_ops import AlarmsConfig

MAIL_PASSWORD = "EDI_MAIL_PASSWORD"  # noqa: S105 - the name of a variable
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, kw_only=True)
class Notice:
    """An alarm, or the end of a trouble, in words; none of its texts holds control characters."""

    seq: int
    """Number of its event in the ledger."""
    at: str
    """UTC, ISO 8601."""
    kind: str
    subject: str
    over: bool
    zh: str
    en: str

    @property
    def mark(self) -> str:
        """What it is, for people."""
        return "恢复 over" if self.over else "告警 alarm"


class NotTold(Exception):
    """The notices could not be handed over, and why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class Sender(Protocol):
    """One way of telling."""

    @property
    def name(self) -> str:
        """`file`, `mail` or `webhook`; the ledger remembers by it how far it has come."""

    def send(self, notices: Sequence[Notice]) -> None:
        """Tell them all. Raises NotTold; then some may have been told."""


def configured(config: AlarmsConfig, environment: Mapping[str, str]) -> Iterator[Sender]:
    """The senders of the configuration; the file is always one of them."""
    yield FileSender(config.file)
    if config.mail_server:
        yield MailSender(config, environment.get(MAIL_PASSWORD, ""))
    if config.webhook:
        yield HookSender(config.webhook, config.timeout_seconds, config.tls_authorities)


@dataclass(frozen=True)
class FileSender:
    """Appends lines to a file, which only its owner may read."""

    path: Path
    name: str = "file"

    def send(self, notices: Sequence[Notice]) -> None:
        """Append and sync."""
        text = "".join(f"{one.at} {one.mark} #{one.seq} {one.zh} / {one.en}\n" for one in notices)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self.path, flags, 0o600)
            with open(descriptor, "ab") as file:  # noqa: PTH123 - a descriptor, not a path
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(descriptor)
        except OSError as error:
            raise NotTold(cause_zh(error), cause_en(error)) from error


@dataclass(frozen=True)
class MailSender:
    """Sends one mail for all notices; the connection is protected as configured."""

    config: AlarmsConfig
    password: str = field(repr=False)
    name: str = "mail"

    def send(self, notices: Sequence[Notice]) -> None:
        """Send."""
        server = self.config.mail_server
        try:
            with self._connected() as line:
                if self.config.mail_user:
                    self._log_in(line)
                line.send_message(self._mail(notices))
        except smtplib.SMTPException as error:
            told = f"{type(error).__name__}: {error}"
            raise NotTold(f"{server}：{told}", f"{server}: {told}") from error
        except OSError as error:
            raise NotTold(f"{server}：{cause_zh(error)}", f"{server}: {cause_en(error)}") from error
        except ValueError as error:
            raise _unusable(error) from error

    def _connected(self) -> smtplib.SMTP:
        host, _, port = self.config.mail_server.rpartition(":")
        host, port = (host, port) if host and port.isdecimal() else (self.config.mail_server, "")
        security = self.config.mail_security
        number = int(port) if port else _PORTS[security]
        if security == "tls":
            return smtplib.SMTP_SSL(host, number, timeout=self.config.timeout_seconds, context=self._context())
        server = smtplib.SMTP(host, number, timeout=self.config.timeout_seconds)
        try:
            if security == "starttls":
                server.starttls(context=self._context())
        except BaseException:
            server.close()
            raise
        return server

    def _context(self) -> ssl.SSLContext:
        """The server must have a certificate for its name, of an authority that we or the system trust."""
        return ssl.create_default_context(cafile=self.config.tls_authorities)

    def _log_in(self, line: smtplib.SMTP) -> None:
        """What a server says to a wrong password is not repeated: it may hold the password."""
        password, user = self.password, self.config.mail_user
        if not password and self.config.mail_password_file:
            password = self.config.mail_password_file.read_text("utf-8").rstrip("\r\n")
        if not password:
            raise NotTold(
                f"没有邮箱 {user} 的口令；请设置环境变量 {MAIL_PASSWORD} 或 mail_password_file",
                f"there is no password of {user}; set the environment variable {MAIL_PASSWORD} or mail_password_file",
            )
        try:
            line.login(user, password)
        except smtplib.SMTPAuthenticationError as error:
            raise NotTold(
                f"邮件服务器不接受 {user} 的口令（{error.smtp_code}）",
                f"the mail server refuses the password of {user} ({error.smtp_code})",
            ) from None
        except UnicodeError:
            raise NotTold(
                "邮箱的账号和口令只能用 ASCII 字符", "user and password of the mail account must be ASCII"
            ) from None

    def _mail(self, notices: Sequence[Notice]) -> EmailMessage:
        mail = EmailMessage()
        alarms = sum(not one.over for one in notices)
        mail["Subject"] = f"[EDI] 告警 {alarms} 条，恢复 {len(notices) - alarms} 条 / {alarms} alarms"
        mail["From"] = self.config.mail_from
        mail["To"] = ", ".join(self.config.mail_to)
        mail.set_content("\n".join(f"{one.mark}  {one.at}\n{one.zh}\n{one.en}\n" for one in notices))
        return mail


def _unusable(error: ValueError) -> NotTold:
    """An address, or a name in a header, that the library will not have."""
    told = type(error).__name__
    return NotTold(
        f"[alarms] 中的地址或姓名不能用（{told}）", f"an address or a name in [alarms] cannot be used ({told})"
    )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Only the address in the configuration is ever spoken to."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        """Follow nothing; the answer then counts as a refusal."""


@dataclass(frozen=True)
class HookSender:
    """Posts the notices as one JSON object to an address; no redirect is followed, no proxy asked."""

    url: str
    timeout: float
    tls_authorities: Path | None = None
    name: str = "webhook"

    def send(self, notices: Sequence[Notice]) -> None:
        """Post."""
        body = json.dumps({"alarms": [vars(one) for one in notices]}, ensure_ascii=False).encode("utf-8")
        request = urllib.request.Request(  # noqa: S310 - http or https, held to by the configuration
            self.url, body, {"Content-Type": "application/json; charset=utf-8"}, method="POST"
        )
        try:
            with self._opener().open(request, timeout=self.timeout) as answer:
                status = int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            status = error.code
        except urllib.error.URLError as error:
            cause = error.reason if isinstance(error.reason, OSError) else error
            raise NotTold(cause_zh(cause), cause_en(cause)) from error
        except OSError as error:
            raise NotTold(cause_zh(error), cause_en(error)) from error
        except HTTPException as error:
            raise NotTold("对方的应答不是 HTTP", "the answer is not HTTP") from error
        except ValueError as error:
            raise _unusable(error) from error
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise NotTold(f"HTTP {status}", f"HTTP {status}")

    def _opener(self) -> urllib.request.OpenerDirector:
        context = ssl.create_default_context(cafile=self.tls_authorities)
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirect
        )
