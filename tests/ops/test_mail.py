"""Alarms go out by mail and webhook over TLS, to the server that is meant; the password goes to nobody else and nowhere."""

import base64
import socketserver

import pytest

from tests.ops.test_alarms import HookSink, by_mail, tell, troubled
from tests.ops.test_alarms import serving as serving_hook
from tests.servers import at_work
from tests.tls import TlsParty

__all__ = ["troubled"]

PASSWORD = "correct-horse-7"
OTHER = "wrong-horse-8"


class Smtp(socketserver.StreamRequestHandler):
    """A mail server: STARTTLS or TLS from the start, AUTH PLAIN. To a wrong password it is as talkative as some are."""

    def handle(self):
        self.secured = False
        if self.server.security == "tls":
            self.secure()
        self.say("220 mail.example.invalid")
        while line := self.rfile.readline():
            self.words = line.decode("ascii").split()
            self.server.heard.append((self.secured, self.words[0].upper()))
            getattr(self, f"do_{self.words[0].lower()}", self.do_other)()

    def finish(self):
        super().finish()
        self.request.close()  # TLS took the place of the one that the server closes

    def secure(self):
        self.request = self.server.tls.context.wrap_socket(self.request, server_side=True)
        self.setup()
        self.secured = True

    def say(self, *lines):
        for line in lines:
            self.wfile.write(line.encode("ascii") + b"\r\n")

    def do_ehlo(self):
        offers = ["250-AUTH PLAIN"] if self.secured else ["250-STARTTLS"] * (self.server.security == "starttls")
        self.say("250-mail.example.invalid", *offers, "250 8BITMIME")

    def do_starttls(self):
        self.say("220 go on")
        self.secure()

    def do_auth(self):
        _, user, password = base64.b64decode(self.words[2]).decode().split("\0")
        right = (user, password) == ("edi", PASSWORD)
        self.say("235 well" if right else f"535 {password} is not the password of {user}")

    def do_data(self):
        self.say("354 go on")
        self.server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
        self.say("250 well")

    def do_quit(self):
        self.say("221 bye")

    def do_other(self):
        self.say("250 well")


class Server(socketserver.ThreadingTCPServer):
    def __init__(self, security, tls):
        super().__init__(("127.0.0.1", 0), Smtp)
        self.security, self.tls, self.heard, self.mails = security, tls, [], []

    def handle_error(self, *_):
        """A client that breaks off is what some tests are about."""


def serving(security, tls):
    return at_work(Server(security, tls))


@pytest.fixture
def tls(tmp_path):
    return TlsParty(tmp_path / "tls")


@pytest.fixture(params=["starttls", "tls"])
def security(request):
    return request.param


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setenv("EDI_MAIL_PASSWORD", PASSWORD)


def configure(night, server, security, authority):
    by_mail(night, server.server_address[1])
    night.configure('mail_security = "none"', f'mail_security = "{security}"')
    night.configure('mail_user = ""', 'mail_user = "edi"')
    night.configure('tls_authorities = "" ', f'tls_authorities = "{authority}" ')


def refused(night):
    """Nothing was told by mail; why, as a person reads it."""
    assert tell(night)["mail"] == 0
    (sentence,) = (one for one in night.edi("status", "--held").splitlines() if "无法通过 mail 发出" in one)
    return sentence


def test_an_alarm_goes_out_over_tls_and_the_password_only_there(troubled, tls, security, password):
    with serving(security, tls) as server:
        configure(troubled, server, security, tls.authority)
        assert tell(troubled)["mail"] == 1
    assert len(server.mails) == 1
    assert {secured for secured, word in server.heard if word in ("AUTH", "MAIL", "DATA")} == {True}


def test_the_password_may_stand_in_a_file(troubled, tls, security):
    file = troubled.home / "mail-password"
    file.write_text(f"{PASSWORD}\n")
    troubled.configure('mail_password_file = ""', 'mail_password_file = "mail-password"')
    with serving(security, tls) as server:
        configure(troubled, server, security, tls.authority)
        assert tell(troubled)["mail"] == 1


@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_a_server_that_is_not_the_one_meant_hears_nothing(troubled, tls, tmp_path, security, password, wrong):
    other = TlsParty(tmp_path / "other", address="127.0.0.9" if wrong == "name" else "127.0.0.1")
    with serving(security, other) as server:
        configure(troubled, server, security, other.authority if wrong == "name" else tls.authority)
        assert "对方的证书不可信" in refused(troubled)
    assert {word for _, word in server.heard} <= {"EHLO", "STARTTLS"}


def test_without_authorities_of_our_own_the_systems_are_asked(troubled, tls, security, password):
    with serving(security, tls) as server:
        configure(troubled, server, security, "")
        assert "对方的证书不可信" in refused(troubled)
    assert server.mails == []


def test_a_server_that_suddenly_knows_no_tls_gets_neither_mail_nor_password(troubled, tls, password):
    with serving("none", tls) as server:
        configure(troubled, server, "starttls", tls.authority)
        assert "STARTTLS" in refused(troubled)
    assert {word for _, word in server.heard} <= {"EHLO", "QUIT"}


def test_a_password_that_is_refused_is_written_nowhere(troubled, tls, security, monkeypatch, caplog):
    monkeypatch.setenv("EDI_MAIL_PASSWORD", OTHER)
    with serving(security, tls) as server:
        configure(troubled, server, security, tls.authority)
        assert "不接受 edi 的口令（535）" in refused(troubled)
        tell(troubled)
    assert OTHER not in caplog.text
    spoken = (OTHER.encode(), base64.b64encode(f"\0edi\0{OTHER}".encode()))
    written = [file.read_bytes() for file in troubled.home.rglob("*") if file.is_file()]
    assert not [data for data in written for word in spoken if word in data]


@pytest.mark.parametrize(("word", "why"), [("", "没有邮箱 edi 的口令"), ("密码", "只能用 ASCII")])
def test_a_password_that_cannot_be_sent_is_told(troubled, tls, monkeypatch, word, why):
    monkeypatch.setenv("EDI_MAIL_PASSWORD", word)
    with serving("tls", tls) as server:
        configure(troubled, server, "tls", tls.authority)
        assert why in refused(troubled)


def test_a_webhook_over_https_is_believed_by_the_same_authorities(troubled, tls, tmp_path):
    with serving_hook(HookSink) as hook:
        hook.socket = tls.context.wrap_socket(hook.socket, server_side=True)
        troubled.configure('webhook = ""', f'webhook = "https://127.0.0.1:{hook.server_address[1]}/alarms"')
        troubled.configure('tls_authorities = "" ', f'tls_authorities = "{tls.authority}" ')
        assert tell(troubled)["webhook"] == 1
        troubled.configure(f'tls_authorities = "{tls.authority}" ', 'tls_authorities = "" ')
        (troubled.home / "inbox" / "demo" / "folder.xml").mkdir()
        troubled.run()
        hook.handle_error = lambda *_: None
        assert tell(troubled)["webhook"] == 0
    assert len(hook.kept) == 1
    assert "对方的证书不可信" in troubled.edi("status", "--held")
