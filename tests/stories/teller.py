"""Tells a story: a folder with `story.toml` and the blocks its messages are made of, played on a real workspace.

What an ERP adds to the blocks is added here: head, transport, signature. See README.md for the words of a step.
"""

from __future__ import annotations

import copy
import json
import tomllib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from lxml import etree
from pypdf import PdfReader

from edi.adapters.keys import load_signing_key
from edi.core.times import digits14
from edi.messages.dsig import sign_message
from tests.conftest import Workspace

Step = dict[str, Any]

WORDS = {
    "tell", "id", "send", "draft", "delete", "again", "for", "by", "from", "number", "set", "of", "advance", "customs",
    "answer", "status", "statuses", "codes", "paper", "results", "record", "told", "verify", "remarked",
}  # fmt: skip
"""Words of a step; any other is a slip of the pen."""


def steps_of(folder: Path) -> list[Step]:
    """The steps of a story, each held to the words there are."""
    steps = tomllib.loads((folder / "story.toml").read_text("utf-8"))["step"]
    for step in steps:
        assert step.keys() <= WORDS, f"{folder.name}: unknown words {step.keys() - WORDS}"
    return steps


@dataclass
class Teller:
    """Plays the steps of one story, one after the other."""

    workspace: Workspace
    folder: Path
    parties: dict[str, Any]
    guids: dict[str, str] = field(default_factory=dict)
    """Of the applications told so far, by the step's id."""
    files: int = 0

    def play(self, step: Step) -> None:
        """Do what the step says, then look whether everything is as it says."""
        if "advance" in step:
            self.workspace.edi("customs", "advance", step["advance"])
            self.workspace.run()
        if "send" in step:
            self._send(step)
            self.workspace.run()
        if "customs" in step:
            decision = step["customs"]
            guid = self.guids[decision["of"]]
            self.workspace.edi("customs", "decide", guid, decision["decide"], "--opinion", decision.get("opinion", ""))
            self.workspace.run()
        self._look(step)

    # ---- what is done ---------------------------------------------------------------------------

    def _send(self, step: Step) -> None:
        self.files += 1
        guid = self.guids.get(step.get("again", "")) or str(uuid.uuid4()).upper()
        self.guids[step["id"]] = guid
        party = step.get("from", "demo")
        name = f"{self.files:02d}-{step['id']}.xml"
        self.workspace.put(self._signed(step, guid, party), name, channel=party)

    def _signed(self, step: Step, guid: str, party: str) -> bytes:
        key = step.get("by", "legal-person")
        pki = self.workspace.home / "pki" / ("" if party == "demo" else party)
        root = self._message(step, guid, party, "ACCOUNT" if key == "account" else "CARD")
        return sign_message(root, load_signing_key(pki / f"{key}.key", pki / f"{key}.pem"))

    def _message(self, step: Step, guid: str, party: str, sign_mode: str) -> etree._Element:
        blocks = etree.parse(self.folder / step["send"]).getroot()
        namespace = etree.QName(blocks).namespace
        sender = self.parties[party]
        self._edit(blocks, step.get("set", {}), namespace)
        self._edit_of(blocks, step, namespace)
        head = {
            "guid": guid,
            "appType": "3" if step.get("delete") else "2" if step.get("draft") and "again" in step else "1",
            "appTime": digits14(datetime.now(UTC)),
            "appStatus": "1" if step.get("draft") or step.get("delete") else "2",
            "clientSeqNo": step.get("number", ""),
            "filingMode": "AGENT" if step.get("for") == "another" else "OWN",
            "signMode": sign_mode,
        }
        blocks.insert(0, _block(namespace, "head", head))
        root = etree.Element(f"{{{namespace}}}{etree.QName(blocks).localname}Message", nsmap={None: namespace})
        root.set("guid", str(uuid.uuid4()).upper())
        root.set("version", "1.0")
        root.append(copy.deepcopy(blocks))
        transport = {"copCode": sender["uscc"], "copName": sender["nameZh"], "dxpMode": "DXP", "dxpId": "STORY"}
        root.append(_block(namespace, "BaseTransfer", transport))
        return root

    def _edit(self, blocks: etree._Element, changes: dict[str, str], namespace: str) -> None:
        """Change the text of elements; an empty text takes the element out."""
        for path, text in changes.items():
            found = blocks.find("/".join(f"{{{namespace}}}{name}" for name in path.split("/")))
            assert found is not None, f"{self.folder.name}: the message has no {path}"
            if text:
                found.text = text
            else:
                found.getparent().remove(found)

    def _edit_of(self, blocks: etree._Element, step: Step, namespace: str) -> None:
        """A message about another application names it."""
        if "of" in step:
            found = next(blocks.iter(f"{{{namespace}}}ofGuid"))
            found.text = self.guids[step["of"]]

    # ---- what is looked at ----------------------------------------------------------------------

    def _look(self, step: Step) -> None:
        where = f"{self.folder.name}: {step['tell']}"
        if "answer" in step:
            answers = self._inbox(step, f"{step['answer']}_*")
            assert len(answers) == 1, where
            if "codes" in step and step["answer"] == "Failed":
                assert _codes(answers[0]) == set(step["codes"]), where
        if "status" in step:
            shown = self.workspace.show(self.guids[step["id"]])
            assert shown["statusText"] == step["status"], f"{where}: {shown['info']} {shown['findings']}"
            if "codes" in step:
                found = {one["code"] for one in shown["findings"]}
                assert found == set(step["codes"]), f"{where}: {found}"
            if "results" in step:
                assert _parts(shown["results"], step["results"]) == step["results"], where
        for other, status in step.get("statuses", {}).items():
            assert self.workspace.show(self.guids[other])["statusText"] == status, f"{where}: {other}"
        self._look_further(step, where)

    def _look_further(self, step: Step, where: str) -> None:
        if "paper" in step:
            text = _text_of(self._inbox(step, "Receipt_*.pdf")[-1])
            assert [one for one in step["paper"] if one not in text] == [], where
        if "verify" in step:
            paper = self._inbox(step, "Receipt_*.pdf")[-1]
            self.workspace.edi("verify", str(paper), code=step["verify"])
        if "record" in step:
            wanted = dict(step["record"])
            record = json.loads(self.workspace.edi("customs", "show", wanted.pop("uscc"), "--json"))
            assert _parts(record, wanted) == wanted, where
        if "remarked" in step:
            receipts = [code for one in self._inbox(step, "Receipt_*.xml") for code in _codes(one)]
            assert set(receipts) == set(step["remarked"]), where
        if "told" in step:
            listed = self.workspace.show(self.guids[step["id"]])["results"].get("applications", [])
            assert [f"{one['form']} {one['status']}" for one in listed] == step["told"], where

    def _inbox(self, step: Step, pattern: str) -> list[Path]:
        name = f"{self.files:02d}-{step['id']}"
        head, _, tail = pattern.partition("_")
        return self.workspace.box("InBox", f"{head}_{name}_{tail}", channel=step.get("from", "demo"))


def _block(namespace: str, name: str, fields: dict[str, str]) -> etree._Element:
    block = etree.Element(f"{{{namespace}}}{name}")
    for child, text in fields.items():
        if text:
            etree.SubElement(block, f"{{{namespace}}}{child}").text = text
    return block


def _codes(answer: Path) -> set[str]:
    return {found.findtext("{*}code") for found in etree.parse(answer).iter("{*}finding")}


def _text_of(paper: Path) -> str:
    return "".join(page.extract_text() for page in PdfReader(BytesIO(paper.read_bytes())).pages)


def _parts(whole: Any, wanted: Any) -> Any:
    """As much of `whole` as `wanted` speaks of, so that a step need not tell everything."""
    if isinstance(wanted, dict) and isinstance(whole, dict):
        return {key: _parts(whole.get(key), one) for key, one in wanted.items()}
    if isinstance(wanted, list) and isinstance(whole, list) and len(wanted) == len(whole):
        return [_parts(each, one) for each, one in zip(whole, wanted, strict=True)]
    return whole
