"""The transport envelope: written as text, it is what a tree would have been written as, and read it is what it was."""

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from edi.messages.dxp import DXP, DxpMsg, read_dxp_msg, write_dxp_msg

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("<>&\"'\r\n\t ]中🙂"),
    max_size=20,
)
MESSAGES = st.builds(
    DxpMsg,
    message_id=TEXT,
    sender=TEXT,
    receivers=st.lists(TEXT, min_size=1, max_size=3).map(tuple),
    created=TEXT,
    message_type=TEXT,
    data=st.binary(max_size=60),
    file_name=TEXT,
    keys=st.dictionaries(TEXT, TEXT, max_size=3),
)


def as_tree(message):
    """The same envelope by way of lxml."""

    def add(parent, name, text=None):
        element = etree.SubElement(parent, f"{{{DXP}}}{name}")
        element.text = text
        return element

    root = etree.Element(f"{{{DXP}}}DxpMsg", nsmap={"dxp": DXP}, ver="1.0")
    info = add(root, "TransInfo")
    add(info, "CopMsgId", message.message_id)
    add(info, "SenderId", message.sender)
    receivers = add(info, "ReceiverIds")
    for receiver in message.receivers:
        add(receivers, "ReceiverId", receiver)
    add(info, "CreatTime", message.created)
    add(info, "MsgType", message.message_type)
    add(root, "Data", base64.b64encode(message.data).decode())
    if message.file_name or message.keys:
        more = add(root, "AddInfo")
        if message.file_name:
            add(more, "FileName", message.file_name)
        keys = add(more, "BizKey") if message.keys else None
        for name, value in message.keys.items():
            add(keys, "Key", value).set("name", name)
    return root


@given(MESSAGES)
def test_the_text_is_what_a_tree_is_written_as(message):
    assert write_dxp_msg(message) == etree.tostring(as_tree(message), encoding="UTF-8", xml_declaration=True)


@given(MESSAGES)
@example(
    DxpMsg(
        message_id="]]>", sender="\r\n", receivers=("\t",), created="", message_type="<", data=b"", keys={"\r\n\t": '"'}
    )
)
def test_what_is_written_is_read_as_it_was(message):
    assert read_dxp_msg(etree.fromstring(write_dxp_msg(message))) == message


@pytest.mark.parametrize("wrong", ["\0", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
@pytest.mark.parametrize("place", ["message_id", "file_name", "keys"])
def test_what_xml_cannot_hold_is_not_written(wrong, place):
    usual = {"message_id": "1", "sender": "A", "receivers": ("B",), "created": "", "message_type": "C", "data": b""}
    with pytest.raises(ValueError, match="XML cannot hold"):
        write_dxp_msg(DxpMsg(**usual | {place: {wrong: "1"} if place == "keys" else wrong}))
