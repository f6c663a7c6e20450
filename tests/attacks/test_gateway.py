"""The whole gateway: every attack but those on resources, dropped at once into a channel's OutBox, a good filing among them.

Each gets its answer with its codes; no application, no message and no event of one at customs comes of any of them.
"""

import sqlite3

import pytest
from lxml import etree

from edi.messages.dsig import sign_message
from tests.trust.parties import pem

from . import test_resources
from .corpus import attacks
from .scene import text_of
from .test_algorithms import malleated

GOOD = "good.xml"
ATTACKS = {name: one for name, one in attacks().items() if name not in vars(test_resources)}
"""Those that cost little; what files may cost is tried one by one."""


@pytest.fixture
def believing(workspace, scene):
    """A workspace that believes the scene's authority beside its own."""
    ours = workspace.home / "pki" / "ca.pem"
    ours.write_bytes(ours.read_bytes() + pem(scene.ca))
    (workspace.home / "pki" / "crl" / "scene.crl").write_bytes(scene.crl)
    return workspace


def rows(workspace, file, query):
    with sqlite3.connect(workspace.home / file) as database:
        return database.execute(query).fetchall()


def codes_of(workspace, name):
    """The codes of the refusal of a file."""
    (answer,) = workspace.box("InBox", f"Failed_{name}_2*")
    return set(etree.parse(answer).xpath("//*[local-name()='finding']/*[local-name()='code']/text()"))


def test_every_attack_is_answered_and_nothing_else_happens(believing, scene):
    """All attacks in one box, with one good filing (promise 5).

    Each is refused with its codes; the ledger and customs know of the good filing alone.
    """
    sent = {name: one.build(scene) for name, one in ATTACKS.items()}
    for name, data in sent.items():
        believing.put(data, f"{name}.xml")
    believing.put(text_of(scene.genuine()), GOOD)
    believing.run()
    for name in sent:
        assert set(ATTACKS[name].codes) <= codes_of(believing, name), name
    assert [(one["file"], one["status"]) for one in believing.status()] == [(GOOD, "APPROVED")]
    assert {one.name for one in believing.box("SentBox")} == {GOOD}
    assert len(believing.box("FailBox")) == len(sent)
    assert rows(believing, "var/ledger.sqlite", "select count(*) from messages") == [(1,)]
    assert rows(believing, "customs/register.sqlite", "select count(*) from applications") == [(1,)]
    assert not list((believing.home / "var").glob("quarantine/**/*.xml"))


def test_a_malleated_message_is_no_second_filing(believing, scene):
    """The same filing again with the other ECDSA signature (SEC 1, 4.1.4).

    Answered as the duplicate it is; there is one application, here and at customs.
    """
    data = text_of(scene.genuine())
    for name, content in (
        (GOOD, data),
        ("other-s.xml", malleated(data)),
        ("again.xml", sign_message(scene.content(), scene.card)),
    ):
        believing.put(content, name)
        believing.run()
    assert [one["file"] for one in believing.status()] == [GOOD]
    assert len(believing.box("InBox", "Successed_*")) == 3
    assert rows(believing, "customs/register.sqlite", "select count(*) from applications") == [(1,)]


def test_many_small_files(believing):
    """A thousand files of a few bytes, with the longest names there can be (our profile).

    Each is answered and kept, in batches; the good filing that came last goes its way.
    """
    for number in range(1000):
        believing.put(b"<a>%d</a>" % number, f"{number:04}{'x' * 247}.xml")
    believing.drop(believing.sample("02-TRADER.xml"))
    believing.run()
    assert len(believing.box("InBox", "Failed_*")) == 1000
    assert len(believing.box("FailBox")) == 1000
    assert [one["status"] for one in believing.status()] == ["APPROVED"]
