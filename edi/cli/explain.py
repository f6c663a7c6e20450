"""How `edi verify --explain` shows a diagnosis: every step, the bytes in question, and what they tell."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click
from cryptography import x509

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.files import write_whole
from edi.app.judging import Message
from edi.app.verifying import Known
from edi.checks.diagnosis import Bench, Diagnosis, Mismatch, Step, diagnose
from edi.checks.intact import Part
from edi.checks.mismatch import Held
from edi.core.characters import is_seen, plain
from edi.core.findings import clip
from edi.errors import UserError

MOST_SHOWN = 2_000
"""Bytes of a canonical form that are shown; `--canonical` writes all."""
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
BEFORE_DIFFERENCE, AROUND_DIFFERENCE = 60, 300
"""Bytes shown where received and signed bytes part: how many before, and how many in all."""
_MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("–", None)}
_TITLES = {
    Part.METHOD: ("签名算法", "signature method"),
    Part.VALUE: ("签名值", "signature value"),
    Part.DIGEST: ("摘要", "digest"),
}
_NOTHING = (
    "常见原因均已试过，无一使其相符：签名后内容本身被改动，或签名程序有误",
    "None of the usual causes makes it hold: the content itself was changed after signing, or the signing program errs",
)
_NOT_ALL = (
    "报文过大，未能试完所有常见原因；请用小一些的报文再试",
    "The message is too big to try all of the usual causes; try with a smaller one",
)


def explanation(message: Message, known: Known, at: datetime) -> Diagnosis:
    """The diagnosis of a message at the moment `at`."""
    bench = Bench(policy=known.policy, at=at, terms=known.terms, certificates=known.others)
    return diagnose(message.root, message.data, bench)


def show_explanation(told: Diagnosis) -> None:
    """Print every step, then what was found out about each mismatch."""
    click.echo("逐步说明 step by step:")
    for step in told.steps:
        _show_step(step)
    for one in told.mismatches:
        _show_mismatch(one)


def to_json(told: Diagnosis) -> dict[str, object]:
    """The same for programs."""
    return {
        "steps": [_step_json(one) for one in told.steps],
        "mismatches": [_mismatch_json(one) for one in told.mismatches],
    }


def write_canonical(told: Diagnosis, folder: Path, stem: str) -> None:
    """Write the canonical bytes, and those that were signed instead where that was found out."""
    named = {"signedinfo": told.workings.signed, "content": told.workings.canonical}
    for one in told.mismatches:
        if one.tried.held:
            named[f"{one.part.value}.as-signed"] = one.tried.held[0].octets
    files = {folder / f"{stem.strip('-') or 'message'}.{name}.c14n": octets for name, octets in named.items() if octets}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(files)
    except OSError as error:
        raise UserError(
            f"无法写入 {folder}：{cause_zh(error)}；请换一个目录",
            f"Nothing can be written into {folder}: {cause_en(error)}; choose another folder",
        ) from error


def _show_step(step: Step) -> None:
    mark, colour = _MARKS[step.good]
    click.echo(f"  {click.style(mark, fg=colour)} {step.zh} {step.en}")
    for fact in step.facts:
        click.echo(f"      {' '.join(dict.fromkeys((fact.zh, fact.en)))}: {plain(clip(fact.value))}")
    for words in filter(None, step.trouble):
        click.echo(f"      {plain(words)}")


def _show_mismatch(one: Mismatch) -> None:
    zh, en = _TITLES[one.part]
    click.echo(f"为何不符 why it does not hold — {zh} {en}:")
    for words in _hints(one):
        click.echo(f"  {words}")
    click.echo(f"  试过 tried: {one.tried.tries}")
    signed = one.tried.held[0].octets if one.tried.held else one.octets
    if signed != one.octets:
        place = _first_difference(one.octets, signed)
        click.echo(f"  第一处不同在字节 first difference at byte: {place + 1}")
        start = max(place - BEFORE_DIFFERENCE, 0)
        _show_octets("收到的 as received", one.octets, start, AROUND_DIFFERENCE)
        _show_octets("签名时的 as signed", signed, start, AROUND_DIFFERENCE)
    elif one.octets:
        _show_octets("规范化字节 canonical bytes", one.octets, 0, MOST_SHOWN)


def _first_difference(one: bytes, other: bytes) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _show_octets(title: str, octets: bytes, start: int, most: int) -> None:
    click.echo(f"  {title} ({len(octets)}, SHA-256 {_sha256(octets)}):")
    for line in _escaped(octets[start : start + most]).splitlines():
        click.echo(f"    {line}")
    if start + most < len(octets):
        click.echo("    … （全部字节用 --canonical 写出 / all of them: --canonical）")


def _hints(one: Mismatch) -> Iterator[str]:
    if not one.tried.held:
        yield from _NOTHING if one.tried.complete else _NOT_ALL
    for number, held in enumerate(one.tried.held):
        if number:
            yield "或 or:"
        for mishap in held.mishaps:
            yield mishap.zh
            yield mishap.en
        if held.certificate:
            yield f"签名所用的证书 certificate of the signing key: {plain(_named(held.certificate))}"


def _named(certificate: x509.Certificate) -> str:
    return f"{certificate.subject.rfc4514_string()} ({certificate.serial_number:x})"


def _escaped(octets: bytes) -> str:
    """Canonical bytes as text that hides nothing: line ends, blanks before them and controls show."""
    text = octets.decode("utf-8", errors="backslashreplace")
    shown = "".join(one if is_seen(one) else _ESCAPES.get(one) or f"\\u{ord(one):04x}" for one in text)
    return re.sub(r" +(?=\\n)", lambda found: "·" * len(found[0]), shown).replace("\\n", "\\n\n")


def _step_json(step: Step) -> dict[str, object]:
    record: dict[str, object] = {"name": step.name, "good": step.good, "zh": step.zh, "en": step.en}
    if step.trouble[0]:
        record |= {"troubleZh": step.trouble[0], "troubleEn": step.trouble[1]}
    return record | {"facts": [{"zh": one.zh, "en": one.en, "value": one.value} for one in step.facts]}


def _mismatch_json(one: Mismatch) -> dict[str, object]:
    return {
        "part": one.part.value,
        "tries": one.tried.tries,
        "complete": one.tried.complete,
        "canonical": _octets_json(one.octets),
        "held": [_held_json(held) for held in one.tried.held],
    }


def _held_json(held: Held) -> dict[str, object]:
    return {
        "causes": [{"name": one.name, "zh": one.zh, "en": one.en} for one in held.mishaps],
        "asSigned": _octets_json(held.octets),
        "certificate": _named(held.certificate) if held.certificate else None,
    }


def _octets_json(octets: bytes) -> dict[str, object]:
    """Size and digest of all, base64 of as much as is shown."""
    shown = base64.b64encode(octets[:MOST_SHOWN]).decode("ascii")
    return {"bytes": len(octets), "sha256": _sha256(octets), "base64": shown, "cut": len(octets) > MOST_SHOWN}


def _sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()
