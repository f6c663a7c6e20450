"""Box sets of the import client become channels of config.toml; what is there is never overwritten unasked.

Only the lines of the four boxes are touched. The new text is read back as a configuration before it
replaces the old one in one step, so that a configuration that works stays one that works.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edi.adapters.causes import cause_en, cause_zh
from edi.adapters.config import parse_config, read_text
from edi.adapters.files import write_whole
from edi.adapters.import_client import BOXES
from edi.app.channels import build_channel
from edi.errors import UserError

Folders = Mapping[str, PurePosixPath]
"""Box → folder."""

NEW, SAME, OTHER = "new", "same", "other"


@dataclass(frozen=True)
class Plan:
    """What an import would change."""

    config: Path
    text: str
    """The configuration as it is."""
    channels: Mapping[str, Folders]
    states: Mapping[str, str]
    """Channel → NEW, SAME, or OTHER for one that has other boxes now."""

    def sections(self) -> str:
        """The sections of all channels, to be pasted."""
        return "\n".join(section(name, boxes) for name, boxes in self.channels.items())

    def missing(self) -> list[PurePosixPath]:
        """Folders that are not there: a drive not mounted yet, or a slip of the pen."""
        return [one for boxes in self.channels.values() for one in boxes.values() if not Path(one).is_dir()]

    def write(self, *, replace: bool) -> list[str]:
        """Bring the configuration up to date; the names of the channels that were added or changed.

        Raises UserError, then nothing was changed: a channel has other boxes and `replace` is not
        given, the outcome would be no valid configuration, or it cannot be written.
        """
        others = [name for name, state in self.states.items() if state == OTHER]
        if others and not replace:
            raise UserError(
                f"通道 {'、'.join(others)} 已有别的收发箱，未作任何改动；确要改为导入的，请加 --replace",
                f"{', '.join(others)}: there already, with other boxes; nothing was changed. Add --replace to overwrite them",
            )
        changed = [name for name, state in self.states.items() if state != SAME]
        if changed:
            self._save(_changed(self.text, {name: self.channels[name] for name in changed}, others))
        return changed

    def _save(self, text: str) -> None:
        parse_config(text, self.config)
        try:
            write_whole({self.config: text.encode("utf-8")})
        except OSError as error:
            raise UserError(
                f"配置文件无法写入：{cause_zh(error)}", f"The configuration cannot be written: {cause_en(error)}"
            ) from error


def plan_import(config: Path, channels: Mapping[str, Folders]) -> Plan:
    """Compare with the configuration. Raises UserError if that is missing or faulty."""
    text = read_text(config)
    known = parse_config(text, config)
    states = {}
    for name, boxes in channels.items():
        if name not in known.channels:
            states[name] = NEW
            continue
        there = build_channel(name, known.channels[name], known).boxes
        states[name] = SAME if all(getattr(there, box) == Path(boxes[box]) for box in BOXES) else OTHER
    return Plan(config, text, channels, states)


def section(name: str, boxes: Folders) -> str:
    """A channel as a section of config.toml."""
    lines = [f"[channels.{name}]", *(_line(box, folder) for box, folder in boxes.items())]
    return "\n".join(lines) + "\n"


def _line(box: str, folder: PurePosixPath) -> str:
    """JSON's strings are TOML's, for text without control characters."""
    return f"{box} = {json.dumps(str(folder), ensure_ascii=False)}"


def _changed(text: str, channels: Mapping[str, Folders], others: list[str]) -> str:
    for name in others:
        text = _with_boxes(text, name, channels[name])
    fresh = [section(name, boxes) for name, boxes in channels.items() if name not in others]
    return "\n".join([text.rstrip("\n") + "\n", *fresh]) if fresh else text


def _with_boxes(text: str, name: str, boxes: Folders) -> str:
    """The text with the boxes of one section exchanged; its other lines and comments stay."""
    lines = text.splitlines()
    header = re.compile(rf"\s*\[\s*channels\s*\.\s*(?:{name}|\"{name}\"|'{name}')\s*\]\s*(?:#.*)?")
    start = next((number for number, line in enumerate(lines) if header.fullmatch(line)), None)
    if start is not None:
        end = next((n for n in range(start + 1, len(lines)) if lines[n].lstrip().startswith("[")), len(lines))
        kept = [one for one in lines[start + 1 : end] if not re.match(rf"\s*(?:{'|'.join(BOXES)})\s*=", one)]
        lines[start + 1 : end] = [*(_line(box, folder) for box, folder in boxes.items()), *kept]
    changed = "\n".join(lines) + "\n"
    if not _says(changed, name, boxes):
        raise UserError(
            f"配置中通道 {name} 的写法无法自动修改，未作任何改动；请手工改为：\n{section(name, boxes)}",
            f"Channel {name} is written in a way that cannot be changed automatically; nothing was changed. Do it by hand",
        )
    return changed


def _says(text: str, name: str, boxes: Folders) -> bool:
    """True if the text, read as TOML, gives the channel these boxes."""
    try:
        table = tomllib.loads(text)["channels"][name]
    except tomllib.TOMLDecodeError:
        return False
    return all(table.get(box) == str(folder) for box, folder in boxes.items())
