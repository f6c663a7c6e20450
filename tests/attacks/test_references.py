"""What a signature points at and what it does to it before the digest: references and transforms.

Each of these messages is signed by a card that we believe, so that nothing but the profile stands in its way: exactly one
SignedInfo with one Reference of URI="", enveloped-signature first and at most one canonicalisation after it, without comments.
Nothing is ever fetched or computed for a signature.
"""

import copy
import socket

import pytest
from lxml import etree

from edi.messages.canonical import C14n, canonical_document
from edi.messages.dsig import ENVELOPED, ds, sign_message

from .scene import attack, child, digest_again, replaced, resigned, signature_of, text_of

XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
BASE64 = "http://www.w3.org/2000/09/xmldsig#base64"
DECRYPT = "http://www.w3.org/2002/07/decrypt#XML"
COMMENTS = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"


def reference_to(uri):
    def change(signature):
        child(signature, "Reference").set("URI", uri)

    return change


def transform(algorithm, content=None):
    """A further transform."""

    def change(signature):
        one = etree.SubElement(child(signature, "Transforms"), ds("Transform"), Algorithm=algorithm)
        if content is not None:
            one.append(etree.fromstring(content))

    return change


def transforms(*algorithms):
    """These transforms and no others."""

    def change(signature):
        block = child(signature, "Transforms")
        for old in list(block):
            block.remove(old)
        for algorithm in algorithms:
            etree.SubElement(block, ds("Transform"), Algorithm=algorithm)

    return change


@attack("1001")
def test_no_signed_info(scene):
    """A Signature without SignedInfo: nothing was signed, and nothing fails (our profile)."""
    root = scene.genuine()
    signature = signature_of(root)
    signature.remove(signature.find(ds("SignedInfo")))
    return text_of(root)


@attack("1001")
def test_two_signed_infos(scene):
    """A forged SignedInfo before the genuine one: one is verified, the other one is used (CVE-2025-29774)."""
    root = scene.genuine()
    info = signature_of(root).find(ds("SignedInfo"))
    forged = copy.deepcopy(info)
    digest_again(forged, canonical_document(scene.evil(), C14n.INCLUSIVE))
    info.addprevious(forged)
    return text_of(root)


@attack("1001")
def test_a_forged_signed_info_after_the_genuine_one(scene):
    """The same in the other order (CVE-2025-29774)."""
    root = scene.genuine()
    info = signature_of(root).find(ds("SignedInfo"))
    info.addnext(copy.deepcopy(info))
    return text_of(root)


@attack("1001")
def test_no_reference(scene):
    """A SignedInfo that refers to nothing signs nothing (XML Signature Best Practices 2013)."""
    return resigned(scene, lambda signature: child(signature, "SignedInfo").remove(child(signature, "Reference")))


@attack("1001")
def test_two_references(scene):
    """A second reference, whose digest may be that of anything (Hill 2007, Attacking XML Security)."""

    def change(signature):
        child(signature, "SignedInfo").append(copy.deepcopy(child(signature, "Reference")))

    return resigned(scene, change)


@attack("1001")
def test_a_reference_by_id(scene):
    """URI="#…" with an Id on the root: what has the Id may move (McIntosh, Austel 2005)."""
    return resigned(scene, reference_to("#B6D119D0"))


@attack("1001")
def test_a_reference_without_uri(scene):
    """No URI at all: what it means is left to the application (XMLDSig 4.4.3.1)."""
    return resigned(scene, lambda signature: child(signature, "Reference").attrib.pop("URI"))


@attack("1001")
def test_a_reference_by_xpointer_to_the_root(scene):
    """URI="#xpointer(/)" takes comments into the digest (XMLDSig 4.4.3.3)."""
    return resigned(scene, reference_to("#xpointer(/)"))


@attack("1001")
def test_a_reference_by_xpointer_to_an_id(scene):
    """URI="#xpointer(id('…'))": the same as by Id (XMLDSig 4.4.3.3)."""
    return resigned(scene, reference_to("#xpointer(id('B6D119D0'))"))


@attack("1001")
def test_a_reference_to_a_file(scene):
    """URI="file:///etc/passwd": reads files of the verifier (Hill 2007)."""
    return resigned(scene, reference_to("file:///etc/passwd"))


@attack("1001")
def test_a_reference_to_another_host(scene):
    """URI="http://…": lets the verifier knock at other doors, SSRF (Hill 2007)."""
    return resigned(scene, reference_to("http://127.0.0.1:9/"))


@attack("1001")
def test_a_manifest(scene):
    """Type Manifest: its references need not hold for the signature to hold (XMLDSig 5.1)."""

    def change(signature):
        child(signature, "Reference").set("Type", "http://www.w3.org/2000/09/xmldsig#Manifest")

    return resigned(scene, change)


@attack("1001")
def test_an_xslt_transform(scene):
    """A stylesheet runs code in the verifier (Hill 2007)."""
    sheet = f'<x:stylesheet version="1.0" xmlns:x="{XSLT}"><x:template match="/"/></x:stylesheet>'
    return resigned(scene, transform(XSLT, sheet))


@attack("1001")
def test_an_xpath_transform(scene):
    """An XPath expression cuts what was altered out of the digest (Gajek et al. 2009)."""
    return resigned(scene, transform(XPATH, f'<XPath xmlns="{ds("")[1:-1]}">not(ancestor-or-self::uscc)</XPath>'))


@attack("1001")
def test_an_xpath_filter_transform(scene):
    """XPath Filter 2 does the same with less work (Gajek et al. 2009)."""
    return resigned(scene, transform(FILTER2, f'<XPath xmlns="{FILTER2}" Filter="intersect">/*/BaseTransfer</XPath>'))


@attack("1001")
def test_a_base64_transform(scene):
    """Decoding drops all markup: other elements give the same text and the same digest (XMLDSig 6.6.2)."""
    return resigned(scene, transform(BASE64))


@attack("1001")
def test_a_decryption_transform(scene):
    """The verifier decrypts for the attacker (W3C Decryption Transform 2002)."""
    return resigned(scene, transform(DECRYPT))


@attack("1001")
def test_an_unknown_transform(scene):
    """A transform nobody knows must not be skipped (our profile)."""
    return resigned(scene, transform("urn:example:transform"))


@attack("1001")
def test_no_enveloped_transform(scene):
    """Without enveloped-signature the Signature would have to be in its own digest (our profile)."""
    return resigned(scene, transforms(C14n.INCLUSIVE.value))


@attack("1001")
def test_no_transform(scene):
    """Transforms without any Transform (our profile)."""
    return resigned(scene, transforms())


@attack("1001")
def test_transforms_in_another_order(scene):
    """Canonicalisation first gives bytes, not elements, from which no signature can be taken (our profile)."""
    return resigned(scene, transforms(C14n.INCLUSIVE.value, ENVELOPED))


@attack("1001")
def test_two_enveloped_transforms(scene):
    """The enveloped transform twice (our profile)."""
    return resigned(scene, transforms(ENVELOPED, ENVELOPED))


@attack("1001")
def test_two_canonicalisations(scene):
    """A chain of canonicalisations; a thousand of them are an attack on time (Hill 2007, C14N denial of service)."""
    return resigned(scene, transforms(ENVELOPED, C14n.INCLUSIVE.value, C14n.EXCLUSIVE.value))


@attack("1001")
def test_two_lists_of_transforms(scene):
    """A second Transforms, for verifiers that read the first and signers that read the last (our profile)."""

    def change(signature):
        child(signature, "Transforms").addnext(copy.deepcopy(child(signature, "Transforms")))

    return resigned(scene, change)


@attack("1001")
def test_a_foreign_element_among_the_transforms(scene):
    """An element of another namespace among the transforms, which some take and others skip (our profile)."""
    return resigned(scene, lambda one: etree.SubElement(child(one, "Transforms"), "{urn:example}Transform"))


@attack("1001")
def test_comments_in_the_digest(scene):
    """C14N with comments as transform: then comments are signed content, and texts fall apart (Ludwig 2018)."""
    return resigned(scene, transform(COMMENTS))


@attack("1001")
def test_comments_in_the_signed_info(scene):
    """C14N with comments for SignedInfo: a comment may split the digest (CVE-2025-29775)."""
    return resigned(scene, lambda one: child(one, "CanonicalizationMethod").set("Algorithm", COMMENTS))


@attack("1001")
def test_another_canonicalisation(scene):
    """A canonicalisation outside the profile: C14N 1.1 (our profile)."""
    uri = "http://www.w3.org/2006/12/xml-c14n11"
    return resigned(scene, lambda one: child(one, "CanonicalizationMethod").set("Algorithm", uri))


@attack("1001")
def test_an_unknown_canonicalisation(scene):
    """A canonicalisation nobody knows must not become none at all, or an empty text (our profile)."""
    return resigned(scene, lambda one: child(one, "CanonicalizationMethod").set("Algorithm", "urn:example:c14n"))


@attack("1001")
def test_a_document_that_cannot_be_canonicalised(scene):
    """A relative namespace makes libxml2 fail: an empty result must not be digested as if it were the message (CVE-2025-66568)."""
    return replaced(sign_message(scene.evil(), scene.card), (b"<QLF101>", b'<QLF101 xmlns:r="relative">'))


@pytest.mark.parametrize("place", ["reference", "xinclude", "schema", "base", "key"])
def test_nothing_is_fetched(scene, place):
    """Addresses of a listening port wherever an address can stand: nobody calls (Hill 2007).

    No address in a message is ever followed.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        scene.examine(calling(scene, place, address))
        server.settimeout(0.05)
        with pytest.raises(TimeoutError):
            server.accept()


def calling(scene, place, address):
    if place == "reference":
        return resigned(scene, reference_to(address))
    root = scene.content()
    if place == "xinclude":
        root.insert(0, etree.Element("{http://www.w3.org/2001/XInclude}include", href=address))
    elif place == "schema":
        root.set("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation", f"urn:edi-customs:qlf:1 {address}")
    elif place == "base":
        root.set("{http://www.w3.org/XML/1998/namespace}base", address)
    signed = etree.fromstring(sign_message(root, scene.card))
    if place == "key":
        info = signature_of(signed).find(ds("KeyInfo"))
        info.insert(0, etree.Element(ds("RetrievalMethod"), URI=address))
    return text_of(signed)
