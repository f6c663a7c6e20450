"""Adding a form touches nothing outside its own files (architecture, 1)."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

TOY = Path(__file__).parent / "toy-form"


@pytest.fixture
def with_toy(workspace, tmp_path):
    """A workspace whose configuration names the toy's folders; the folders lie somewhere else altogether."""
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(TOY, elsewhere)
    config = workspace.home / "config.toml"
    text = config.read_text("utf-8")
    text = text.replace("schemas = []", f'schemas = ["{elsewhere / "schemas"}"]').replace(
        "forms = []", f'forms = ["{elsewhere / "forms"}"]'
    )
    config.write_text(text, "utf-8")
    return workspace


def sign(workspace, name, tmp_path):
    pki = workspace.home / "pki"
    key, cert = (str(pki / f"legal-person.{kind}") for kind in ("key", "pem"))
    workspace.edi("sign", str(TOY / "messages" / name), "--key", key, "--cert", cert, "-o", str(tmp_path / name))
    return tmp_path / name


def test_a_toy_is_filed_and_approved(with_toy, tmp_path):
    with_toy.drop(sign(with_toy, "clean.xml", tmp_path))
    with_toy.run()
    (one,) = with_toy.status()
    assert one["messageType"] == "TOY901"
    friday = datetime.now(UTC).isoweekday() == 5
    assert one["statusText"] == ("海关不予受理" if friday else "审批通过")
    assert len(with_toy.box("InBox", "Receipt_clean_*")) == (2 if friday else 3)


def test_its_rules_are_checked_by_gateway_and_kit(with_toy, tmp_path):
    bad = sign(with_toy, "bad.xml", tmp_path)
    with_toy.drop(bad)
    with_toy.run()
    (answer,) = with_toy.box("InBox", "Failed_bad_*")
    assert b"TOY-010" in answer.read_bytes()
    options = ("--schemas", str(TOY / "schemas"), "--forms", str(TOY / "forms"))
    (result,) = json.loads(with_toy.edi("check", str(bad), "--format", "json", *options, code=1))
    assert [finding["code"] for finding in result["findings"]] == ["TOY-010"]


def test_without_its_folders_nobody_knows_it(workspace, tmp_path):
    workspace.drop(sign(workspace, "clean.xml", tmp_path))
    workspace.run()
    (answer,) = workspace.box("InBox", "Failed_clean_*")
    assert b"0002" in answer.read_bytes()
