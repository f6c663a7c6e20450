"""Resources: small files that cost much, big files that cost more than their size.

Everything is bounded before memory or time is spent on it (see the limits on this page); each of these files is judged in a child process
that may use 10 s of processor time and 512 MB, and is refused with a reason.
"""

import functools
import io
import struct
import zipfile
import zlib
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from edi.messages import der
from edi.messages.dsig import sign_message
from edi.messages.dxp import DXP

from .bounded import MEGABYTES, SECONDS, bounded
from .scene import attack, child, text_of

MEGABYTE = 1 << 20
NAMESPACE = "urn:edi-customs:qlf:1"
C14N_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


def costly(*codes):
    """An attack that is judged in a child process under limits."""
    return attack(*codes, examine=lambda scene, data: bounded(functools.partial(scene.examine, data)).result)


def document(inside, attributes=b""):
    """A message's root around some bytes."""
    return b'<QLF101Message xmlns="%s"%s>%s</QLF101Message>' % (NAMESPACE.encode(), attributes, inside)


def in_genuine(scene, old, new):
    """A genuine message with a place blown up; there is no copy of it that is not needed."""
    data = text_of(scene.genuine())
    assert old in data
    return data.replace(old, new, 1)


# ---- XML


@costly("0999")
def test_ten_thousand_references(scene):
    """10,000 References, each of which would be digested (XML Signature Best Practices 2013)."""
    reference = b'<ds:Reference URI=""/>' * 10_000
    return in_genuine(scene, b"<ds:Reference ", reference + b"<ds:Reference ")


@costly("1001")
def test_nine_hundred_references(scene):
    """As many References as may stand beside each other, each to be digested (XML Signature Best Practices 2013)."""
    reference = b'<ds:Reference URI=""/>' * 900
    return in_genuine(scene, b"<ds:Reference ", reference + b"<ds:Reference ")


@costly("0999")
def test_a_thousand_transforms(scene):
    """1,000 canonicalisations in a chain (XML Signature Best Practices 2013)."""
    transform = b'<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>' * 1000
    return in_genuine(scene, b"</ds:Transforms>", transform + b"</ds:Transforms>")


@costly("0999")
def test_a_hundred_thousand_attributes(scene):
    """100,000 attributes of one element, compared with each other (our profile)."""
    return document(b"", b"".join(b' a%d="1"' % number for number in range(100_000)))


@costly("0999")
def test_a_hundred_thousand_attributes_over_many_elements(scene):
    """100,000 attributes, few on each element (our profile)."""
    return document(b'<a b="1" c="2" d="3" e="4"/>' * 25_000)


@costly("0999")
def test_a_million_names(scene):
    """A million different names, which the parser keeps for ever (CVE-2012-0841, hash tables)."""
    return document(b"<b>" + b"".join(b"<a%d/>" % number for number in range(1_000_000)) + b"</b>")


@costly("0999")
def test_deep_nesting(scene):
    """A million elements within each other; recursion ends the process (CWE-674)."""
    return document(b"<a>" * 1_000_000 + b"</a>" * 1_000_000)


@costly("0999")
def test_many_elements(scene):
    """Eight million elements: 32 MB of file, gigabytes of tree (our profile)."""
    return document(b"<a/>" * 8_000_000)


@costly("0999")
def test_many_comments(scene):
    """Four million comments (our profile)."""
    return document(b"<!---->" * 4_000_000)


@costly("1001")
def test_as_many_elements_as_are_allowed(scene):
    """199,000 elements under a valid signature value: the most that is canonicalised (our profile)."""
    root = scene.genuine()
    deep = (b"<b>" + b"<a/>" * 999 + b"</b>") * 198
    block = etree.fromstring(b'<x xmlns="%s">%s</x>' % (NAMESPACE.encode(), deep))
    root.insert(0, block)
    return text_of(root).replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA", 1)


@costly("0999")
def test_namespaces_in_force_at_every_element(scene):
    """Sixty elements within each other, each with 64 namespaces; C14N compares them all, for every element below (Jensen, Gruschka, Herkenhöner 2009, flooding)."""
    return flooded(scene, levels=55, each=64)


@costly("1004")
def test_as_many_namespaces_as_are_allowed(scene):
    """The same with as many namespaces as may be in force, below a signature that holds (Jensen, Gruschka, Herkenhöner 2009, flooding)."""
    return flooded(scene, levels=29, each=1)


def flooded(scene, levels, each):
    """A message with the signature in order and a block of many elements that stand in many namespaces."""
    starts = [
        "<x {}>".format(" ".join(f'xmlns:p{(level * each + one) % 480}="urn:{level}"' for one in range(each)))
        for level in range(levels)
    ]
    inside = "".join(starts) + ("<y>" + "<z/>" * 999 + "</y>") * 190 + "</x>" * levels
    return in_genuine(scene, b"<QLF101>", f"{inside}<QLF101>".encode())


@costly("1001")
def test_a_list_of_thirty_thousand_prefixes(scene):
    """InclusiveNamespaces with 30,000 prefixes, each looked up at every element (our profile)."""
    prefixes = " ".join(["ds"] * 20_000)
    listed = f'<e:InclusiveNamespaces xmlns:e="{C14N_EXCLUSIVE}" PrefixList="{prefixes}"/>'
    root = scene.genuine()
    method = child(root, "CanonicalizationMethod")
    method.set("Algorithm", C14N_EXCLUSIVE)
    method.append(etree.fromstring(listed))
    for _ in range(190):
        method.append(etree.fromstring("<y>" + "<z/>" * 999 + "</y>"))
    return text_of(root)


@costly("1001")
def test_white_space_in_the_signed_info(scene):
    """10 MB of blanks in SignedInfo (our profile)."""
    return in_genuine(scene, b"<ds:SignatureMethod ", b" \n" * (5 * MEGABYTE) + b"<ds:SignatureMethod ")


@costly("0999")
def test_a_huge_number(scene):
    """A character number of a million digits (our profile)."""
    return document(b"&#" + b"9" * 1_000_000 + b";")


@costly("0002")
def test_a_number_of_a_million_digits(scene):
    """A signed amount of a million digits, whose conversion takes time by the square (CVE-2020-10735)."""
    root = scene.content("14-for-another-entity.xml")
    child(root, "amount").text = "9" * 1_000_000
    return sign_message(root, scene.card)


@costly("0999")
def test_a_tag_of_thirty_megabytes(scene):
    """One start tag of 30 MB, which the parser keeps whole (our profile)."""
    return document(b'<a b="%s"/>' % (b"x" * (30 * MEGABYTE)))


@costly("0999")
def test_a_file_beyond_the_limit(scene):
    """A file of 33 MB (our profile)."""
    return document(b" " * (33 * MEGABYTE))


@costly("0999")
def test_a_billion_laughs(scene):
    """Entities within entities (Klein 2002, billion laughs; CVE-2003-1564)."""
    levels = b"".join(b'<!ENTITY e%d "%s">' % (n + 1, b"&e%d;" % n * 10) for n in range(9))
    return b'<!DOCTYPE x [<!ENTITY e0 "ha">' + levels + b"]><x>&e9;</x>"


@costly("0999")
def test_one_long_entity_many_times(scene):
    """An entity of 1 MB, used 10,000 times (quadratic blowup; Sullivan 2009)."""
    return b'<!DOCTYPE x [<!ENTITY e "' + b"x" * MEGABYTE + b'">]><x>' + b"&e;" * 10_000 + b"</x>"


@costly("0002")
def test_a_thousand_mistakes(scene):
    """As many mistakes of the schema as a message can hold, each to be explained (our profile)."""
    return document((b"<b>" + b"<a/>" * 99 + b"</b>") * 900)


@costly("0002")
def test_many_mistakes_among_many_elements(scene):
    """190,000 elements that all are wrong (our profile)."""
    return document((b"<QLF101>" + b"<head/>" * 950 + b"</QLF101>") * 199)


# ---- base64, certificates, KeyInfo


@costly("1001")
def test_base64_of_thirty_megabytes(scene):
    """A SignatureValue of 30 MB (our profile)."""
    return in_genuine(scene, b"<ds:SignatureValue>", b"<ds:SignatureValue>" + b"A" * (30 * MEGABYTE))


@costly("1001")
def test_base64_in_many_pieces(scene):
    """A SignatureValue in ten million pieces: splitting it at the blanks would take fifty times its size (our profile)."""
    return in_genuine(scene, b"<ds:SignatureValue>", b"<ds:SignatureValue>" + b"AA " * (10 * MEGABYTE))


@costly("1001")
def test_a_finding_about_many_pieces(scene):
    """A KeyName of ten million words, which the refusal quotes (our profile)."""
    return in_genuine(scene, b"<ds:KeyName>", b"<ds:KeyName>" + b"AA " * (10 * MEGABYTE))


@costly("0001")
def test_an_envelope_in_many_pieces(scene):
    """Data of a DxpMsg in six million pieces of base64 (our profile)."""
    return (
        b'<d:DxpMsg xmlns:d="%s" ver="1.0"><d:TransInfo><d:CopMsgId>1</d:CopMsgId><d:SenderId>DXPENT0000000001</d:SenderId>'
        b"<d:ReceiverIds><d:ReceiverId>EDIGATEWAY000001</d:ReceiverId></d:ReceiverIds>"
        b"<d:CreatTime>2026-11-22T09:00:00</d:CreatTime><d:MsgType>QLF101</d:MsgType></d:TransInfo>"
        b"<d:Data>%s</d:Data></d:DxpMsg>"
    ) % (DXP.encode(), b"AAAA " * (6 * MEGABYTE))


def crowd(each=b"<z/>"):
    """As many elements as a message may have, within a few others; in the namespace of whatever they stand in."""
    return (b"<y>" + each * 990 + b"</y>") * 199


@costly("0002")
def test_a_crowd_in_the_key_info(scene):
    """KeyInfo of 197,000 elements, to be taken out with the signature (our profile)."""
    return in_genuine(scene, b"</ds:KeyInfo>", crowd() + b"</ds:KeyInfo>")


@costly("0002")
def test_a_crowd_in_an_object(scene):
    """The same in an Object (our profile)."""
    return in_genuine(scene, b"</ds:KeyInfo>", b"</ds:KeyInfo><ds:Object>" + crowd() + b"</ds:Object>")


@costly("1001")
def test_a_crowd_in_the_signed_info(scene):
    """The same in SignedInfo, which is canonicalised before anything is known of its signer (our profile)."""
    return in_genuine(scene, b"</ds:SignedInfo>", crowd() + b"</ds:SignedInfo>")


@costly("1004")
def test_a_crowd_in_the_content(scene):
    """The same in the content (our profile)."""
    return in_genuine(scene, b"<BaseTransfer>", crowd() + b"<BaseTransfer>")


@costly("1001")
def test_a_crowd_of_signatures(scene):
    """197,000 signatures (our profile)."""
    return in_genuine(scene, b"<BaseTransfer>", crowd(b"<ds:Signature/>") + b"<BaseTransfer>").replace(
        b"<QLF101Message ", b'<QLF101Message xmlns:ds="http://www.w3.org/2000/09/xmldsig#" ', 1
    )


@costly("1001")
def test_a_certificate_of_many_extensions(scene):
    """A certificate of 13 MB, well-formed, with a million extensions, all different (our profile)."""
    tbs, algorithm, value = der.elements(scene.card.certificate.public_bytes(Encoding.DER))
    numbers = (
        struct.pack("4B", *(0x80 | number >> shift & 0x7F for shift in (21, 14, 7)), number & 0x7F)
        for number in range(1_000_000)
    )
    many = b"".join(b"\x30\x0d\x06\x07\x2a\x03\x04" + number + b"\x04\x02\x05\x00" for number in numbers)
    parts = [*der.elements(tbs)[:-1], der.element(0xA3, der.element(der.SEQUENCE, many))]
    made = der.element(der.SEQUENCE, der.element(der.SEQUENCE, *parts), algorithm, value)
    root = scene.genuine()
    child(root, "X509Certificate").text = b64encode(made).decode("ascii")
    return text_of(root)


# ---- archives


def packed(*files, method=zipfile.ZIP_DEFLATED):
    """A ZIP of names and contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


@costly("0999")
def test_a_bomb(scene):
    """A ZIP of 256 kB that unpacks to 256 MB (CVE-2019-9674)."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = b"".join(squeezer.compress(bytes(MEGABYTE)) for _ in range(256)) + squeezer.flush()
    return entry(stream, 256 * MEGABYTE)


def entry(stream, size, crc=0):
    """A ZIP of one deflated file, which declares that size."""
    name = b"a.xml"
    common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, crc, len(stream), size, len(name), 0)
    local = b"PK\3\4" + common + name + stream
    central = b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


@costly("0001")
def test_a_bomb_that_lies_about_its_size(scene):
    """The same, declared as 10 bytes (Fifield 2019)."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = b"".join(squeezer.compress(bytes(MEGABYTE)) for _ in range(256)) + squeezer.flush()
    return entry(stream, 10)


@costly("0001")
def test_a_bomb_in_a_bomb(scene):
    """A ZIP in a ZIP in a ZIP (42.zip)."""
    inner = packed(("a.xml", bytes(16 * MEGABYTE)))
    return packed(("a.xml", packed(("a.xml", inner))))


@costly("0999")
def test_an_archive_of_many_files(scene):
    """An archive of 30,000 files, each of which costs a reader a kilobyte (our profile)."""
    return packed(*((f"{number}.xml", b"") for number in range(30_000)))


@costly("0001")
def test_files_that_overlap(scene):
    """Many entries for one stretch of data (Fifield 2019, a better zip bomb)."""
    data = packed(("a.xml", bytes(MEGABYTE)))
    start = data.index(b"PK\1\2")
    end = data.index(b"PK\5\6")
    central = data[start:end] * 60
    return data[:start] + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 60, 60, len(central), start, 0)


@costly("0001")
def test_an_archive_whose_directory_lies(scene):
    """An end record that tells of 65,535 entries in gigabytes (our profile)."""
    return packed(("a.xml", b"<a/>"))[:-22] + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, 1 << 31, 0, 0)


@costly("0001")
def test_a_long_name(scene):
    """A file of an archive with a name of 60,000 characters, which the refusal quotes (our profile)."""
    return packed(("x" * 60_000, b"<a/>"))


def test_the_limits_hold(scene):
    """What uses more time or memory than it may is stopped, whatever it is (our profile).

    The child is stopped, the test fails.
    """
    with pytest.raises(AssertionError, match="MemoryError"):
        bounded(lambda: bytes(2 * MEGABYTES * MEGABYTE))
    with pytest.raises(AssertionError, match="limits"):
        bounded(lambda: next(one for one in iter(int, 1) if one), seconds=1)
    assert SECONDS > 1
