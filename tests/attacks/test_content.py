"""Content: changed after signing, or written so that two readers see two things.

Every change of the canonical bytes breaks the digest. What does not change them (encoding, order of attributes, comments) is gone from
what is read: later stages get a tree parsed from the canonical bytes. No DTD, no entity, no processing instruction, no XInclude.
"""

import unicodedata

import pytest
from lxml import etree

from edi.messages.dsig import sign_message
from tests.trust.parties import TRADER

from .scene import attack, changed, child, replaced, signature_of, text_of

CONTENT = b"<postcode>"


def genuine(scene):
    return text_of(scene.genuine())


# ---- altered after signing


@attack("1004")
def test_another_value(scene):
    """Another enterprise in the signed message (our profile)."""
    return changed(scene.genuine(), "nameZh", "示例物流（上海）有限公司")


@attack("1004")
def test_white_space_in_a_value(scene):
    """A blank at the end of a value, which comparisons that trim do not see (our profile)."""
    return replaced(genuine(scene), (b"</postcode>", b" </postcode>"))


@attack("1004")
def test_white_space_between_elements(scene):
    """Printed anew, with other indentation (our profile)."""
    root = scene.genuine()
    etree.indent(child(root, "QLF101"), "\t")
    return text_of(root)


@attack("1004")
def test_a_carriage_return_by_number(scene):
    """A line end as &#13;, which no parser turns into the usual one (XML 1.0, 2.11)."""
    return replaced(genuine(scene), (b"</postcode>", b"&#13;</postcode>"))


@attack("1004")
def test_another_form_of_the_same_characters(scene):
    """Characters decomposed or made compatible, the same to the eye (Unicode TR 36)."""
    root = scene.genuine()
    name = child(root, "nameZh")
    name.text = unicodedata.normalize("NFKC", name.text)
    return text_of(root)


@attack("1004")
def test_characters_that_nobody_sees(scene):
    """A zero-width space in a value (Unicode TR 36)."""
    return replaced(genuine(scene), (CONTENT, CONTENT + "\u200b".encode()))


@attack("1004")
def test_an_element_twice(scene):
    """A second value beside the signed one: one reader takes the first, another the last (our profile)."""
    root = scene.genuine()
    code = child(root, "uscc")
    twin = etree.fromstring(etree.tostring(code, with_tail=False))
    twin.text = "91310115XX4971453G"
    code.addnext(twin)
    return text_of(root)


@attack("1004")
def test_elements_in_another_order(scene):
    """Two persons change places (our profile)."""
    root = scene.genuine()
    first = child(root, "BaseTransfer")
    first.append(first[0])
    return text_of(root)


@attack("1004")
def test_an_element_left_out(scene):
    """What would refuse the message is left out (our profile)."""
    root = scene.genuine()
    node = child(root, "postcode")
    node.getparent().remove(node)
    return text_of(root)


@attack("1004")
def test_another_type_by_an_attribute(scene):
    """An xsi:type turns a value into one of another type (Jensen et al. 2011)."""
    root = scene.genuine()
    child(root, "postcode").set("{http://www.w3.org/2001/XMLSchema-instance}type", "string")
    return text_of(root)


@attack("1004")
def test_another_version_in_the_root(scene):
    """An attribute of the root changed (our profile)."""
    root = scene.genuine()
    root.set("guid", "00000000-0000-4000-8000-000000000000")
    return text_of(root)


@attack("1001")
def test_a_namespace_moved_to_a_prefix(scene):
    """The message's namespace under a prefix, none for what has no prefix (Jensen et al. 2009, curse of namespaces)."""
    pairs = (b'xmlns="urn:edi', b'xmlns:q="urn:edi'), (b"<QLF101Message", b"<q:QLF101Message")
    return replaced(genuine(scene), *pairs, (b"</QLF101Message", b"</q:QLF101Message"))


@attack("0002")
def test_another_namespace(scene):
    """The message in a namespace of the attacker's (Jensen et al. 2009, curse of namespaces)."""
    return replaced(genuine(scene), (b"urn:edi-customs:qlf:1", b"urn:edi-customs:qlf:2"))


# ---- comments


@attack("QLF-032")
def test_a_text_cut_by_a_comment(scene):
    """A comment inside a value: whoever reads up to it reads the victim's code (Ludwig 2018; CVE-2017-11427)."""
    root = scene.content()
    code = child(root, "copCode")
    code.text = TRADER
    code.append(etree.Comment(" "))
    code[0].tail = "9"
    return sign_message(root, scene.card)


@attack("1004")
def test_a_digest_in_a_comment(scene):
    """The digest of an altered message stands in a comment before the genuine one (CVE-2025-29775)."""
    root = scene.genuine()
    value = child(root, "DigestValue")
    value.insert(0, etree.Comment("A" * 43 + "="))
    value[0].tail, value.text = value.text, None
    child(root, "postcode").text = "100001"
    return text_of(root)


@attack("1001")
def test_the_digest_in_a_comment(scene):
    """The genuine digest becomes a comment, a forged one takes its place (CVE-2025-29775)."""
    root = scene.genuine()
    value = child(root, "DigestValue")
    value.append(etree.Comment(value.text))
    value.text = "A" * 43 + "="
    return text_of(root)


def test_comments_change_nothing(scene):
    """Comments strewn over a signed message, which a canonicalisation without comments does not sign (Ludwig 2018).

    Accepted as the same message: they are gone from what is read, and no value is cut by one.
    """
    plain = scene.genuine()
    strewn = etree.fromstring(text_of(plain))
    code = child(strewn, "copCode")
    code.append(etree.Comment("91310115XX4971453G"))
    code[0].tail, code.text = code.text[9:], code.text[:9]
    signature_of(strewn).addprevious(etree.Comment("x"))
    verdicts = [scene.examine(text_of(one)) for one in (plain, strewn)]
    assert [one.good for one in verdicts] == [True, True]
    assert verdicts[0].business == verdicts[1].business
    assert verdicts[0].digest == verdicts[1].digest
    assert verdicts[1].business.sender == TRADER


# ---- encodings


@pytest.mark.parametrize("encoding", ["UTF-16", "GB18030"])
def test_another_encoding_changes_nothing(scene, encoding):
    """The signed message written in another encoding (XML 1.0, 4.3.3).

    Accepted as the same message: everything is turned into UTF-8 first, and every reader sees that.
    """
    root = scene.genuine()
    verdicts = [scene.examine(etree.tostring(root, encoding=one, xml_declaration=True)) for one in ("UTF-8", encoding)]
    assert [one.good for one in verdicts] == [True, True]
    assert verdicts[0].digest == verdicts[1].digest


@attack("0001")
def test_a_declared_encoding_that_is_not_the_real_one(scene):
    """Bytes in UTF-16 declared as UTF-8: two parsers, two texts (our profile)."""
    text = genuine(scene).decode("utf-8")
    return text.encode("utf-16")


@attack("0001")
def test_an_encoding_that_hides_markup(scene):
    """UTF-7, in which markup looks like letters (our profile)."""
    return b"<?xml version='1.0' encoding='UTF-7'?>" + etree.tostring(scene.genuine())


@attack("0001")
def test_characters_longer_than_they_need_be(scene):
    """An overlong UTF-8 form of < (RFC 3629, 10)."""
    return replaced(genuine(scene), (CONTENT, CONTENT + b"\xc0\xbcx\xc0\xbe"))


@attack("0001")
def test_half_a_surrogate(scene):
    """Half a pair of UTF-16 as a character number (XML 1.0, 2.2)."""
    return replaced(genuine(scene), (CONTENT, CONTENT + b"&#xD800;"))


# ---- entities, document types, instructions


def with_doctype(data, internal):
    """The message below a document type declaration."""
    declaration, _, rest = data.partition(b"?>")
    return declaration + b"?><!DOCTYPE QLF101Message [" + internal + b"]>" + rest


@attack("0999")
def test_an_entity_for_a_value(scene):
    """A value becomes an entity that stands for it now and for something else later (XML Signature Best Practices 2013)."""
    return with_doctype(replaced(genuine(scene), (CONTENT, CONTENT + b"&e;")), b'<!ENTITY e "">')


@attack("0999")
def test_an_entity_without_a_declaration(scene):
    """An entity nobody declared (XML 1.0, 4.1)."""
    return replaced(genuine(scene), (CONTENT, CONTENT + b"&e;"))


@attack("0999")
def test_an_external_entity(scene):
    """XXE: a file of ours in the message (CWE-611; Steuck 2002)."""
    return with_doctype(
        replaced(genuine(scene), (CONTENT, CONTENT + b"&e;")), b'<!ENTITY e SYSTEM "file:///etc/passwd">'
    )


@attack("0999")
def test_an_external_parameter_entity(scene):
    """XXE by a parameter entity, which is fetched even if nothing uses it (Yunusov, Osipov 2013)."""
    return with_doctype(genuine(scene), b'<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;')


@attack("0999")
def test_an_attribute_by_default(scene):
    """A document type gives an element an attribute that the signer never saw (XMLDSig 8.1.3)."""
    return with_doctype(genuine(scene), b'<!ATTLIST QLF101 id ID "x">')


@attack("0999")
def test_a_processing_instruction(scene):
    """A processing instruction, which is signed by C14N and read by nobody alike (our profile)."""
    return replaced(genuine(scene), (CONTENT, CONTENT + b"<?x y?>"))


@attack("0999")
def test_a_stylesheet(scene):
    """An xml-stylesheet: what a person sees is not what was signed (XML Signature Best Practices 2013)."""
    declaration, _, rest = genuine(scene).partition(b"?>")
    return declaration + b'?><?xml-stylesheet href="x.xsl"?>' + rest


@attack("0002")
def test_an_inclusion(scene):
    """XInclude in signed content: a file of ours in the message (CWE-611)."""
    root = scene.content()
    root.insert(0, etree.Element("{http://www.w3.org/2001/XInclude}include", href="file:///etc/passwd", parse="text"))
    return sign_message(root, scene.card)
