"""Revocation lists are fetched from where the configuration says, judged, and only then taken into use."""

import contextlib
import http.server
import time
from datetime import timedelta

import pytest
from cryptography.x509 import ReasonFlags

from edi.adapters.config import load_config
from edi.adapters.fetching import fetch
from edi.adapters.keys import load_signing_key
from edi.adapters.pki import Authority, Issued
from edi.errors import TryLater, UserError
from tests.servers import at_work
from tests.tls import TlsParty
from tests.trust.parties import authority as other_authority

MANY = 1_000_000
"""A number beyond those of the lists that the workspace came with."""


class Answering(http.server.BaseHTTPRequestHandler):
    """Says what the test put on the server."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers["Host"]))
        self.server.answer(self)

    def log_message(self, *_):
        pass


def plainly(data, status=200, **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def drop_by_drop(handler):
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b".")
            time.sleep(0.05)


def serving(answer, tls=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.asked, server.answer = [], answer
    if tls:
        server.socket = tls.context.wrap_socket(server.socket, server_side=True)
    server.address = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    server.handle_error = lambda *_: None  # a client that breaks off is what some tests are about
    return at_work(server)


@pytest.fixture
def issuer(night):
    key = load_signing_key(night.home / "pki" / "ca.key", night.home / "pki" / "ca.pem", None)
    return Authority(Issued(key.key, key.certificate))


@pytest.fixture
def drop(night):
    """A drop place, and the workspace looking there."""
    folder = night.home / "crl-drop"
    folder.mkdir()
    source(night, 'path = "crl-drop"')
    return folder


def source(night, *lines):
    section = "\n".join(("[trust.crl_sources.ca]", 'authority = "pki/ca.pem"', *lines))
    night.configure("[trust.media]", f"{section}\n\n[trust.media]", 1)


def a_list(issuer, night, number=MANY, *, made=timedelta(), good=timedelta(days=2)):
    now = night.clock() + made
    return issuer.revocation_list({}, number, now, now + good)


def refresh(night):
    with night.at_work() as shift:
        return dict(shift.run("crl_refresh").counts)


def in_use(night):
    file = night.home / "pki" / "crl" / "ca.crl"
    return file.read_bytes() if file.exists() else None


def told(night):
    return [sentence for sentence in night.edi("status", "--held").splitlines() if "吊销列表来源" in sentence]


TAKEN, NOTHING, FAILING = ({"lists": lists, "failing": failing} for lists, failing in ((1, 0), (0, 0), (0, 1)))


def test_without_a_source_nothing_is_done(night):
    assert refresh(night) == NOTHING


def test_a_new_list_takes_the_old_ones_place_once(night, issuer, drop):
    (drop / "today.crl").write_bytes(data := a_list(issuer, night))
    assert refresh(night) == TAKEN
    assert in_use(night) == data
    assert refresh(night) == NOTHING
    (drop / "tomorrow.crl").write_bytes(newer := a_list(issuer, night, MANY + 1))
    assert refresh(night) == TAKEN
    assert in_use(night) == newer, "the newest in the folder counts"
    assert night.events("alarm_crl_source") == []


def test_a_filing_is_judged_by_the_list_that_was_fetched(night, issuer, drop):
    signer = load_signing_key(night.home / "pki" / "operator.key", night.home / "pki" / "operator.pem", None)
    held = {signer.certificate.serial_number: (night.clock(), ReasonFlags.certificate_hold)}
    now = night.clock()
    (drop / "ca.crl").write_bytes(issuer.revocation_list(held, MANY, now, now + timedelta(days=2)))
    with night.at_work() as shift:
        shift.run("crl_refresh")
        night.drop(night.sample("01-BROKER.xml"))
        shift.app.work_until_quiet()
    assert night.sql("select outcome from files") == [("REFUSED",)]


def bad_lists(issuer, night):
    yield b"<html>login</html>", "不是吊销列表"
    yield a_list(other_authority(), night), "签名不是该机构所签"
    yield a_list(issuer, night, MANY - 1), "比已有的旧"
    yield a_list(issuer, night, MANY + 9, made=timedelta(hours=-1)), "比已有的旧"
    yield None, "没有文件"


def test_whatever_is_wrong_with_an_offer_the_old_list_stays_with_one_alarm(night, issuer, drop):
    file = drop / "ca.crl"
    file.write_bytes(good := a_list(issuer, night))
    refresh(night)
    for bad, _ in bad_lists(issuer, night):
        if bad is None:
            file.unlink()
        else:
            file.write_bytes(bad)
        assert refresh(night) == FAILING
        assert in_use(night) == good
    assert night.events("alarm_crl_source") == ["crl-source:ca"]
    assert night.events("healed") == []
    file.write_bytes(a_list(issuer, night, MANY + 1))
    assert refresh(night) == TAKEN
    assert night.events("healed") == ["crl-source:ca"]
    assert told(night) == []


def test_the_alarm_says_what_is_wrong(night, issuer, drop):
    for bad, why in bad_lists(issuer, night):
        (drop / "ca.crl").write_bytes(a_list(issuer, night))
        refresh(night)
        (drop / "ca.crl").unlink()
        if bad is not None:
            (drop / "ca.crl").write_bytes(bad)
        refresh(night)
        (sentence,) = told(night)
        assert why in sentence


def test_a_list_that_is_out_of_date_is_not_taken(night, issuer, drop):
    (drop / "ca.crl").write_bytes(a_list(issuer, night, good=timedelta(hours=1)))
    night.clock.advance(hours=2)
    assert refresh(night) == FAILING
    assert "已过期" in told(night)[0]
    assert in_use(night) is None


def test_a_list_that_was_taken_away_comes_back_no_older_than_it_was(night, issuer, drop):
    (drop / "ca.crl").write_bytes(a_list(issuer, night))
    refresh(night)
    (night.home / "pki" / "crl" / "ca.crl").unlink()
    (drop / "ca.crl").write_bytes(a_list(issuer, night, MANY - 1))
    assert refresh(night) == FAILING
    assert in_use(night) is None


def test_a_drive_that_is_not_mounted_is_told(night, drop):
    drop.rmdir()
    assert refresh(night) == FAILING
    assert "文件或目录不存在" in told(night)[0]


def test_a_list_that_cannot_be_written_is_told_and_the_old_one_stays(night, issuer, drop):
    (drop / "ca.crl").write_bytes(a_list(issuer, night))
    (night.home / "pki" / "crl" / "ca.crl").mkdir()
    assert refresh(night) == FAILING
    assert night.events("alarm_crl_source") == ["crl-source:ca"]


def test_over_https_with_an_authority_of_ones_own(night, issuer, tmp_path):
    tls = TlsParty(tmp_path / "tls")
    with serving(plainly(data := a_list(issuer, night)), tls) as server:
        source(night, f'url = "{server.address}/lists/ca.crl?key=secret"', f'tls_authorities = "{tls.authority}"')
        assert refresh(night) == TAKEN
        assert server.asked == [("/lists/ca.crl?key=secret", server.address.partition("//")[2])]
    assert in_use(night) == data
    assert refresh(night) == FAILING, "the server is gone"
    (sentence,) = told(night)
    assert "对方拒绝连接" in sentence
    assert "secret" not in sentence


def test_a_server_that_the_system_does_not_know_is_not_asked(night, issuer, tmp_path):
    with serving(plainly(a_list(issuer, night)), TlsParty(tmp_path / "tls")) as server:
        source(night, f'url = "{server.address}/ca.crl"')
        assert refresh(night) == FAILING
        assert server.asked == []
    assert "证书不可信" in told(night)[0]


def test_a_server_under_another_name_is_not_asked(tmp_path):
    tls = TlsParty(tmp_path / "tls", address="127.0.0.9")
    with serving(plainly(b"list"), tls) as server, pytest.raises(TryLater, match="not trusted"):
        fetch(f"{server.address}/", most=100, seconds=5, tls_authorities=tls.authority)
    assert server.asked == []


def test_a_redirect_is_not_followed_not_even_to_the_same_host(night):
    with serving(plainly(b"", 302, Location="/elsewhere")) as server:
        source(night, f'url = "{server.address}/ca.crl"')
        assert refresh(night) == FAILING
        assert [path for path, _ in server.asked] == ["/ca.crl"]
    assert "HTTP 302" in told(night)[0]


def test_no_proxy_of_the_environment_is_asked(monkeypatch):
    with serving(plainly(b"proxy")) as proxy, serving(plainly(b"list")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.address)
        assert fetch(f"{server.address}/", most=100, seconds=5) == b"list"
        assert proxy.asked == []


def test_no_more_is_read_than_may_be(tmp_path):
    with serving(plainly(b"x" * 5_000_000)) as server:
        assert len(fetch(f"{server.address}/", most=1000, seconds=5)) == 1001


@pytest.mark.parametrize("tls", [False, True])
def test_a_server_that_drips_is_given_up_in_time(tmp_path, tls):
    party = TlsParty(tmp_path / "tls") if tls else None
    with serving(drop_by_drop, party) as server, pytest.raises(TryLater, match="timed out"):
        fetch(f"{server.address}/", most=1000, seconds=0.5, tls_authorities=party and party.authority)


def test_an_answer_that_is_not_http_is_told():
    with serving(lambda handler: handler.wfile.write(b"220 mail\r\n")) as server, pytest.raises(TryLater, match="HTTP"):
        fetch(f"{server.address}/", most=1000, seconds=5)


def test_a_host_that_cannot_be_is_told():
    with pytest.raises(TryLater, match="no name of a host"):
        fetch(f"http://{'x' * 70}.example.invalid/", most=1000, seconds=5)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ((), "url 与 path 二选一"),
        (('url = "http://example.invalid/a"', 'path = "x"'), "url 与 path 二选一"),
        (('url = "ftp://example.invalid/a"',), "应为 http 或 https 地址"),
        (('url = "http://example.invalid/a b"',), "应为 http 或 https 地址"),
        (('url = "http://[/a"',), "应为 http 或 https 地址"),
        (('url = "https://name:word@example.invalid/a"',), "不能含用户名和口令"),
        (('url = "http://example.invalid/a"', 'tls_authorities = "pki/ca.pem"'), "只用于 https"),
        (('path = "x"', "timeout_seconds = 0"), "应大于 0"),
    ],
)
def test_a_source_that_cannot_be_meant_is_told(night, lines, problem):
    source(night, *lines)
    with pytest.raises(UserError) as raised:
        load_config(night.home / "config.toml")
    assert any(problem in one for one in raised.value.problems)


def test_a_source_names_a_file_and_an_authority_of_ours(night):
    night.configure("[trust.media]", '[trust.crl_sources."../x"]\nauthority = "y.pem"\npath = "x"\n\n[trust.media]', 1)
    with pytest.raises(UserError) as raised:
        load_config(night.home / "config.toml")
    assert len(raised.value.problems) == 2
