"""The transport envelope of the DXP platform: DxpMsg (exchange 4; terminal node definition 202205).

The misspelling `CreatTime` is part of the published format.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from edi.core.node import Node
from edi.core.times import CHINA
from edi.messages.base64_text import from_base64

DXP = "http://www.chinaport.gov.cn/dxp"


@dataclass(frozen=True, kw_only=True)
class DxpMsg:
    """An envelope and the business message in it."""

    message_id: str
    """CopMsgId: 1–255 characters, the same on every resend."""
    sender: str
    """SenderId: 1–16 characters."""
    receivers: tuple[str, ...]
    """ReceiverId: 1 to 5."""
    created: str
    """CreatTime, xs:dateTime."""
    message_type: str
    """MsgType, the code of the form."""
    data: bytes
    """The business message."""
    file_name: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    """BizKey: up to five names with values."""


def is_dxp_msg(root: etree._Element) -> bool:
    """True if `root` is a DxpMsg."""
    return root.tag == _name("DxpMsg")


def write_dxp_msg(message: DxpMsg) -> bytes:
    """The envelope as UTF-8 XML."""
    root = etree.Element(_name("DxpMsg"), nsmap={"dxp": DXP}, ver="1.0")
    info = _add(root, "TransInfo")
    _add(info, "CopMsgId", message.message_id)
    _add(info, "SenderId", message.sender)
    receivers = _add(info, "ReceiverIds")
    for receiver in message.receivers:
        _add(receivers, "ReceiverId", receiver)
    _add(info, "CreatTime", message.created)
    _add(info, "MsgType", message.message_type)
    _add(root, "Data", base64.b64encode(message.data).decode("ascii"))
    if message.file_name or message.keys:
        _write_add_info(_add(root, "AddInfo"), message)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _write_add_info(block: etree._Element, message: DxpMsg) -> None:
    if message.file_name:
        _add(block, "FileName", message.file_name)
    if message.keys:
        keys = _add(block, "BizKey")
        for name, value in message.keys.items():
            _add(keys, "Key", value).set("name", name)


def read_dxp_msg(root: etree._Element) -> DxpMsg:
    """The envelope in `root`. Raises ValueError if Data is not base64; other gaps come out empty."""
    node = Node(root)
    return DxpMsg(
        message_id=node.text("TransInfo/CopMsgId"),
        sender=node.text("TransInfo/SenderId"),
        receivers=tuple(node.texts("TransInfo/ReceiverIds/ReceiverId")),
        created=node.text("TransInfo/CreatTime"),
        message_type=node.text("TransInfo/MsgType"),
        data=from_base64(node.text("Data")),
        file_name=node.text("AddInfo/FileName"),
        keys={one.element.get("name", ""): one.text_here() for one in node.nodes("AddInfo/BizKey/Key")},
    )


def creation_time(moment: datetime) -> str:
    """`moment` as CreatTime: xs:dateTime in China time."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M:%S")


def _name(local: str) -> str:
    return f"{{{DXP}}}{local}"


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, _name(name))
    element.text = text
    return element
