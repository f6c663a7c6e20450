"""Alarms reach people by file, mail and webhook, against real servers; what cannot be told waits, untold nowhere else."""

import contextlib
import email
import email.policy
import http.server
import io
import json
import logging
import os
import socket
import socketserver

import pytest

from edi.adapters.config import load_config
from edi.adapters.logs import JsonLines, Lines
from edi.core.characters import is_seen
from edi.errors import UserError
from tests.servers import at_work


class MailSink(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to hand over a mail."""

    def handle(self):
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.kept.append(b"".join(lines))
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 well\r\n")
            if word == b"QUIT":
                return


class HookSink(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.kept.append(json.loads(body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def do_GET(self):
        self.server.kept.append("followed")

    def log_message(self, *_):
        pass


def serving(handler, status=200, port=0):
    kind = http.server.ThreadingHTTPServer if handler is HookSink else socketserver.ThreadingTCPServer
    kind.allow_reuse_address = True
    server = kind(("127.0.0.1", port), handler)
    server.kept, server.status = [], status
    return at_work(server)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def troubled(night):
    """Customs has kept silent for two days."""
    night.drop(night.sample("SIM-SILENT.xml"))
    night.run()
    night.clock.advance(days=2)
    with night.at_work() as shift:
        shift.run("silence")
    return night


def by_mail(night, port):
    night.configure('mail_server = ""', f'mail_server = "127.0.0.1:{port}"')
    night.configure('mail_security = "starttls"', 'mail_security = "none"')
    night.configure('mail_from = ""', 'mail_from = "edi@example.invalid"')
    night.configure("mail_to = []", 'mail_to = ["clerk@example.invalid"]')


def by_webhook(night, port):
    night.configure('webhook = ""', f'webhook = "http://127.0.0.1:{port}/alarms"')


def tell(night):
    with night.at_work() as shift:
        return dict(shift.run("alarms").counts)


def end_the_trouble(night):
    night.sql("update applications set status = 'LODGED', updated_at = '2026-11-18T03:00:00.000000Z'")
    with night.at_work() as shift:
        shift.run("silence")


def test_an_alarm_and_its_end_are_told_once_by_every_sender(troubled):
    with serving(MailSink) as mail, serving(HookSink) as hook:
        by_mail(troubled, mail.server_address[1])
        by_webhook(troubled, hook.server_address[1])
        assert tell(troubled) == {"file": 1, "mail": 1, "webhook": 1}
        assert tell(troubled) == {"file": 0, "mail": 0, "webhook": 0}
        end_the_trouble(troubled)
        assert tell(troubled) == {"file": 1, "mail": 1, "webhook": 1}
    assert len(mail.kept) == 2
    assert b"To: clerk@example.invalid" in mail.kept[0]
    (alarm,), (over,) = (one["alarms"] for one in hook.kept)
    assert (alarm["kind"], alarm["over"], over["over"]) == ("alarm_overdue", False, True)
    assert "请向海关查询" in alarm["zh"]
    assert alarm["subject"] == over["subject"]
    lines = (troubled.home / "var" / "alarms.log").read_text("utf-8").splitlines()
    assert [line.split()[1] for line in lines] == ["告警", "恢复"]
    assert (troubled.home / "var" / "alarms.log").stat().st_mode & 0o077 == 0


def test_a_sender_that_fails_holds_no_other_up_and_loses_nothing(troubled):
    port = free_port()
    by_webhook(troubled, port)
    assert tell(troubled) == {"file": 1, "webhook": 0}
    assert tell(troubled) == {"file": 1, "webhook": 0}, "the file tells that the webhook fails"
    for _ in range(3):
        troubled.clock.advance(hours=2)
        tell(troubled)
    assert troubled.events("alarm_sender") == ["sender:webhook"], "one note, however often it is tried"
    assert [row[0] for row in troubled.sql("select attempts from alarm_senders where name = 'webhook'")] == [4]
    troubled.clock.advance(hours=2)
    with serving(HookSink, port=port) as hook:
        assert tell(troubled)["webhook"] == 2
        assert tell(troubled)["webhook"] == 1, "that it works again"
    told = [(one["kind"], one["over"]) for post in hook.kept for one in post["alarms"]]
    assert told == [("alarm_overdue", False), ("alarm_sender", False), ("alarm_sender", True)]


@pytest.mark.parametrize("sender", ["mail", "webhook"])
def test_an_address_that_is_none_is_told_and_holds_no_other_up(troubled, sender):
    host = f"{'x' * 70}.example.invalid"
    if sender == "mail":
        by_mail(troubled, 25)
        troubled.configure('"127.0.0.1:25"', f'"{host}:25"')
    else:
        troubled.configure('webhook = ""', f'webhook = "http://{host}/"')
    assert tell(troubled) == {"file": 1, sender: 0}
    assert "不能用" in troubled.edi("status", "--held")


def test_tries_grow_apart(troubled):
    by_webhook(troubled, free_port())
    tell(troubled)
    troubled.clock.advance(seconds=1)
    tell(troubled)
    assert troubled.sql("select attempts from alarm_senders where name = 'webhook'") == [(1,)], "not yet tried again"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_yes_counts_as_not_told_and_is_not_followed(troubled, status):
    with serving(HookSink, status) as hook:
        by_webhook(troubled, hook.server_address[1])
        assert tell(troubled)["webhook"] == 0
    assert len(hook.kept) == 1
    assert troubled.events("alarm_sender") == ["sender:webhook"]


def test_a_server_that_never_answers_is_given_up(troubled):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        by_mail(troubled, deaf.getsockname()[1])
        troubled.configure("timeout_seconds = 10.0", "timeout_seconds = 0.2")
        assert tell(troubled)["mail"] == 0
    assert "告警无法通过 mail 发出" in troubled.edi("status", "--held")


def test_a_new_sender_is_told_of_what_is_open_only(troubled):
    end_the_trouble(troubled)
    troubled.drop(troubled.sample("SIM-REVIEW.xml"))
    (troubled.home / "inbox" / "demo" / "folder.xml").mkdir()
    troubled.run()
    with serving(HookSink) as hook:
        by_webhook(troubled, hook.server_address[1])
        tell(troubled)
    assert [one["kind"] for post in hook.kept for one in post["alarms"]] == ["alarm_not_a_file"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('webhook = ""', 'webhook = "file:///etc/passwd"', "alarms.webhook"),
        ('mail_server = ""', 'mail_server = "mail.example.invalid"', "mail_to"),
        ('mail_security = "starttls"', 'mail_security = "perhaps"', "mail_security"),
        ('format = "text"', 'format = "yaml"', "log.format"),
        ('expect_by = ""', 'expect_by = "22:30"', "expect_by"),
        ("timeout_seconds = 10.0", "timeout_seconds = 0", "timeout_seconds"),
    ],
)
def test_operations_that_cannot_be_meant_are_told(night, old, new, told):
    night.configure(old, new)
    with pytest.raises(UserError) as raised:
        load_config(night.home / "config.toml")
    assert any(told in problem for problem in raised.value.problems)


def test_a_password_never_goes_over_an_open_line(night):
    night.configure('mail_security = "starttls"', 'mail_security = "none"')
    night.configure('mail_user = ""', 'mail_user = "edi"')
    with pytest.raises(UserError) as raised:
        load_config(night.home / "config.toml")
    assert "tls" in raised.value.problems[0]


EVIL = "x\a\x1b[2J\x9b\u202e\u2066\u200blmx.exe"
"""Rings, clears the screen, turns the direction of writing round, hides."""


@contextlib.contextmanager
def logged(formatter):
    """What the program's own log says meanwhile."""
    told, handler = io.StringIO(), logging.StreamHandler()
    handler.setStream(told)
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)
    try:
        yield told
    finally:
        logging.getLogger().removeHandler(handler)


def not_seen(text):
    return {one for one in text if one not in "\r\n" and not is_seen(one)}


@pytest.mark.parametrize("formatter", [JsonLines(), Lines("%(message)s")], ids=["json", "text"])
def test_a_strangers_name_does_no_harm_wherever_an_alarm_goes(night, formatter):
    (night.home / "inbox" / "demo" / f"{EVIL}1.xml").mkdir()
    (night.home / "customs" / "out" / f"{EVIL}2.xml").write_bytes(b"<a/>")
    (night.home / "customs" / "out" / os.fsdecode(b"gbk\xc9\xea.xml")).write_bytes(b"<b/>")
    with serving(MailSink) as mail, serving(HookSink) as hook, logged(formatter) as log:
        by_mail(night, mail.server_address[1])
        by_webhook(night, hook.server_address[1])
        night.run()
        logging.getLogger("edi").warning("暂缓：%s", EVIL, extra={"file": EVIL})
        logging.getLogger("edi").error("程序出错", exc_info=ValueError(EVIL))
        assert tell(night) == {"file": 3, "mail": 3, "webhook": 3}
    (post,) = hook.kept
    (letter,) = (email.message_from_bytes(one, policy=email.policy.default) for one in mail.kept)
    written = [(night.home / "var" / "alarms.log").read_text("utf-8"), log.getvalue(), night.edi("status", "--held")]
    written += [
        letter["Subject"],
        letter.get_content(),
        *(str(value) for one in post["alarms"] for value in one.values()),
    ]
    for text in written:
        assert not_seen(text) == set(), text
    assert [text for text in written if "lmx.exe1.xml" in text], "the rest of the name is told"
    assert sorted(one["kind"] for one in post["alarms"]) == ["alarm_not_a_file", "alarm_receipt", "alarm_receipt"]
