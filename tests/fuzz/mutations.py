"""Mutations that know what they mutate: bytes, elements, base64, encodings, archives. A plan is numbers only, so it can be drawn,
shrunk and written down; what the numbers mean is decided by the data, modulo what there is.
"""

import base64
import binascii
import io
import zipfile
from dataclasses import dataclass

from lxml import etree

DS = "http://www.w3.org/2000/09/xmldsig#"
TEXTS = (
    "", " ", "\t\n", "0", "-1", "1e999", "NaN", "9" * 40, "9" * 5000, "00000000000000000", "99999999999999999", "true",
    "2026-02-30", "20269999999999999", "\u200b\u202e", "𠮷", "\ufffe"[:0] + "\ufeff", "]]>", "<&>", "' or '1'='1", "../../x",
    "AAAA", "====", "A" * 70_000, "张" * 3000, "#x", "file:///etc/passwd", "http://127.0.0.1:9/",
)  # fmt: skip
NAMES = ("guid", "uscc", "head", "appType", "QLF101", "Signature", "SignedInfo", "Reference", "Object", "x", "type")
NAMESPACES = ("", DS, "urn:edi-customs:qlf:1", "urn:example", "http://www.w3.org/2001/XInclude")
ATTRIBUTES = (
    "Id", "URI", "Algorithm", "PrefixList", "{http://www.w3.org/2001/XMLSchema-instance}type",
    "{http://www.w3.org/2001/XMLSchema-instance}nil", "{http://www.w3.org/XML/1998/namespace}base", "guid", "version",
)  # fmt: skip
VALUES = (
    "", "#x", "xs:string", "true", f"{DS}sha1", f"{DS}enveloped-signature", f"{DS}hmac-sha1",
    "http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sm2-sm3",
)  # fmt: skip
TOKENS = (
    b"<!DOCTYPE a>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x?>", b"&#0;", b"&#xD800;", b"&e;", b"\0", b"\xff\xfe", b"\xc0\x80",
    b"<ds:Object/>", b' xmlns="urn:example"', b' xmlns:q="relative"', b"PK\3\4", b"PK\5\6", b"\x30\x80", b"\x80\x7f\xff", b"=", b"|", b"\\",
    b"\n", b"code=",
)  # fmt: skip
ENCODINGS = ("UTF-8", "UTF-16", "GB18030", "UTF-16BE", "ISO-8859-1", "US-ASCII")
LARGEST = 400_000
"""Bytes of what mutations make: size is tried elsewhere."""


@dataclass(frozen=True)
class Step:
    """One mutation: which, and three numbers for whatever it needs."""

    kind: int
    a: int
    b: int
    c: int


# ---- bytes


def flip(data, step):
    place = step.a % max(len(data), 1)
    return data[:place] + bytes(byte ^ 1 << step.b % 8 for byte in data[place : place + 1]) + data[place + 1 :]


def cut(data, step):
    place = step.a % (len(data) + 1)
    return data[:place] + data[place + step.b % 64 :]


def truncate(data, step):
    return data[: step.a % (len(data) + 1)]


def insert(data, step):
    place = step.a % (len(data) + 1)
    return data[:place] + TOKENS[step.b % len(TOKENS)] * (1 + step.c % 3) + data[place:]


def repeat(data, step):
    place, end = sorted((step.a % (len(data) + 1), step.b % (len(data) + 1)))
    return data[:end] + data[place:end] * (1 + step.c % 3) + data[end:]


def swap(data, step):
    first, second, third = sorted(one % (len(data) + 1) for one in (step.a, step.b, step.c))
    return data[:first] + data[second:third] + data[first:second] + data[third:]


def encode(data, step):
    try:
        return etree.tostring(
            etree.fromstring(data), encoding=ENCODINGS[step.a % len(ENCODINGS)], xml_declaration=step.b % 3 > 0
        )
    except (etree.XMLSyntaxError, UnicodeEncodeError, ValueError):
        return data


def pack(data, step):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)[step.a % 2]) as archive:
        archive.writestr(zipfile.ZipInfo("a.xml"), data, (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)[step.a % 2])
    return buffer.getvalue()


# ---- elements


def in_tree(change):
    """A mutation of bytes out of one of a tree."""

    def mutation(data, step):
        try:
            root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
            elements = list(root.iter(etree.Element))
            change(elements, elements[step.a % len(elements)], step)
            return etree.tostring(root, encoding="UTF-8")
        except (etree.LxmlError, ValueError, TypeError):
            return data

    return mutation


def remove(_elements, one, _step):
    if one.getparent() is not None:
        one.getparent().remove(one)


def move(elements, one, step):
    elements[step.b % len(elements)].insert(step.c % 4, one)


def double(elements, one, step):
    twin = etree.fromstring(etree.tostring(one, with_tail=False))
    elements[step.b % len(elements)].insert(step.c % 4, twin)


def rename(_elements, one, step):
    namespace = NAMESPACES[step.b % len(NAMESPACES)]
    one.tag = etree.QName(namespace or None, NAMES[step.c % len(NAMES)])


def write(_elements, one, step):
    one.text = TEXTS[step.b % len(TEXTS)]


def attribute(_elements, one, step):
    one.set(ATTRIBUTES[step.b % len(ATTRIBUTES)], VALUES[step.c % len(VALUES)])


def comment(_elements, one, step):
    made = etree.Comment("x") if step.b % 4 else etree.ProcessingInstruction("x", "y")
    made.tail, one.text = (one.text or "")[step.c % 9 :], (one.text or "")[: step.c % 9]
    one.insert(0, made)


def inside_base64(elements, one, step):
    """Mutates what an element holds as base64: a certificate, a signature value, a message."""
    holders = [each for each in elements if len(each.text or "") > 40 and not len(each)]
    try:
        holder = holders[step.a % len(holders)]
        inside = base64.b64decode(holder.text, validate=True)
    except (ZeroDivisionError, binascii.Error, ValueError):
        return
    mutation = (flip, cut, truncate, insert, repeat)[step.c % 5]
    holder.text = base64.b64encode(mutation(inside, Step(0, step.b, step.a, step.c))).decode("ascii")


BYTES = (flip, cut, truncate, insert, repeat, swap)
TREES = tuple(
    map(
        in_tree,
        (remove, move, double, rename, write, write, attribute, attribute, comment, inside_base64, inside_base64),
    )
)
WHOLE = (encode, pack)


def mutate(data, steps, mutations):
    """The data after all steps, each one of `mutations`."""
    for step in steps:
        changed = mutations[step.kind % len(mutations)](data, step)
        data = changed if len(changed) <= LARGEST else data
    return data
