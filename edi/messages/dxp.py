"""The transport envelope of the DXP platform: DxpMsg (exchange 4; terminal node definition 202205).

The misspelling `CreatTime` is part of the published format.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from edi.core.node import Node
from edi.core.times import CHINA
from edi.messages.base64_text import from_base64

DXP = "http://www.chinaport.gov.cn/dxp"
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_NOT_XML = re.compile("[^\\t\\n\\r -\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


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
    """The envelope as UTF-8 XML. Raises ValueError for characters that XML cannot hold.

    Written as text: it is one for every message and receipt, and building a tree takes five times as long.
    """
    data = base64.b64encode(message.data).decode("ascii")
    receivers = "".join(_element("ReceiverId", one) for one in message.receivers)
    info = (
        f"{_element('CopMsgId', message.message_id)}{_element('SenderId', message.sender)}"
        f"<dxp:ReceiverIds>{receivers}</dxp:ReceiverIds>"
        f"{_element('CreatTime', message.created)}{_element('MsgType', message.message_type)}"
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        f'<dxp:DxpMsg xmlns:dxp="{DXP}" ver="1.0"><dxp:TransInfo>{info}</dxp:TransInfo>'
        f"<dxp:Data>{data}</dxp:Data>{_add_info(message)}</dxp:DxpMsg>"
    ).encode()


def _add_info(message: DxpMsg) -> str:
    file_name = _element("FileName", message.file_name) if message.file_name else ""
    keys = "".join(
        f'<dxp:Key name="{_attribute(name)}">{_text(value)}</dxp:Key>' for name, value in message.keys.items()
    )
    block = file_name + (f"<dxp:BizKey>{keys}</dxp:BizKey>" if keys else "")
    return f"<dxp:AddInfo>{block}</dxp:AddInfo>" if block else ""


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


def _element(name: str, text: str) -> str:
    return f"<dxp:{name}>{_text(text)}</dxp:{name}>"


def _text(text: str) -> str:
    """The text as it stands between tags, so that every parser reads it as it was."""
    if wrong := _NOT_XML.search(text):
        raise ValueError(f"XML cannot hold {wrong[0]!r}")
    return text.translate(_ESCAPES)


def _attribute(text: str) -> str:
    return _text(text).replace('"', "&quot;").replace("\t", "&#9;").replace("\n", "&#10;")
