"""Signature wrapping: what was signed is moved aside, what was not signed takes its place.

Looked for by name or by Id, the signed element is found wherever it was moved to, while the application reads another.
Here there is nothing to look for: one Signature, the last child of the root, one reference to the whole document. And what is
read later is parsed from the very bytes that were digested.
"""

import copy

from lxml import etree

from edi.messages.dsig import ds, sign_message
from edi.messages.dxp import DXP, DxpMsg, write_dxp_msg

from .scene import attack, child, replaced, signature_of, text_of


def parts(scene):
    """An evil message, the genuine one without its signature, and that signature."""
    genuine = scene.genuine()
    signature = signature_of(genuine)
    genuine.remove(signature)
    return scene.evil(), genuine, signature


@attack("1004")
def test_the_signed_body_in_an_object_of_the_signature(scene):
    """The genuine message moves into ds:Object, an altered one takes its place (McIntosh, Austel 2005)."""
    evil, genuine, signature = parts(scene)
    etree.SubElement(signature, ds("Object")).append(genuine)
    evil.append(signature)
    return text_of(evil)


@attack("1004")
def test_the_signed_body_beside_the_altered_one(scene):
    """The genuine message becomes the first child of an altered one (McIntosh, Austel 2005)."""
    evil, genuine, signature = parts(scene)
    evil.insert(0, genuine)
    evil.append(signature)
    return text_of(evil)


@attack("1001")
def test_the_signed_message_whole_inside_an_altered_one(scene):
    """The genuine message with its signature inside an unsigned root (XSW1; Somorovsky et al. 2012, On Breaking SAML)."""
    evil = scene.evil()
    evil.append(scene.genuine())
    return text_of(evil)


@attack("1004")
def test_xsw2_the_original_before_a_detached_signature(scene):
    """Original and signature are siblings within the altered root (XSW2; Somorovsky et al. 2012)."""
    evil, genuine, signature = parts(scene)
    evil.append(genuine)
    evil.append(signature)
    return text_of(evil)


@attack("1004")
def test_xsw3_an_altered_node_before_the_original_one(scene):
    """An altered business node goes before the signed one, in the signed root (XSW3; Somorovsky et al. 2012)."""
    root = scene.genuine()
    root.insert(0, copy.deepcopy(child(scene.evil(), "QLF101")))
    return text_of(root)


@attack("1004")
def test_xsw4_the_original_node_inside_an_altered_one(scene):
    """The signed business node becomes a child of an altered one (XSW4; Somorovsky et al. 2012)."""
    root = scene.genuine()
    node, evil = child(root, "QLF101"), copy.deepcopy(child(scene.evil(), "QLF101"))
    root.replace(node, evil)
    evil.append(node)
    return text_of(root)


@attack("1004")
def test_xsw5_the_original_node_after_the_signature_value(scene):
    """The signed business node hides inside the signature, an altered one stands in its place (XSW5; Somorovsky et al. 2012)."""
    root = scene.genuine()
    node = child(root, "QLF101")
    root.replace(node, copy.deepcopy(child(scene.evil(), "QLF101")))
    signature_of(root).append(node)
    return text_of(root)


@attack("1004")
def test_xsw6_the_original_node_in_the_key_info(scene):
    """The signed business node hides inside the signature's KeyInfo, an altered one stands in its place (XSW6; Somorovsky et al. 2012)."""
    root = scene.genuine()
    node = child(root, "QLF101")
    root.replace(node, copy.deepcopy(child(scene.evil(), "QLF101")))
    signature_of(root).find(ds("KeyInfo")).append(node)
    return text_of(root)


@attack("1004")
def test_xsw7_an_altered_node_in_an_extension(scene):
    """The altered node comes in an element of a foreign namespace that schemas let pass (XSW7; Somorovsky et al. 2012)."""
    root = scene.genuine()
    extensions = etree.Element("{urn:example:extensions}Extensions")
    extensions.append(copy.deepcopy(child(scene.evil(), "QLF101")))
    root.insert(0, extensions)
    return text_of(root)


@attack("1004")
def test_xsw8_the_original_node_in_an_object_in_an_extension(scene):
    """The signed node in an Object of foreign namespace, the altered one in its place (XSW8; Somorovsky et al. 2012)."""
    root = scene.genuine()
    node = child(root, "QLF101")
    root.replace(node, copy.deepcopy(child(scene.evil(), "QLF101")))
    etree.SubElement(signature_of(root), "{urn:example:extensions}Object").append(node)
    return text_of(root)


@attack("1001")
def test_a_signature_inside_a_signature(scene):
    """Two signatures, one inside the other: which one counts? (Somorovsky et al. 2012)."""
    root = scene.genuine()
    holder = etree.SubElement(signature_of(root), ds("Object"))
    holder.append(copy.deepcopy(signature_of(root)))
    return text_of(root)


@attack("1001")
def test_two_signatures_side_by_side(scene):
    """A good signature beside a bad one; a verifier that takes any of them takes this (Gajek et al. 2009)."""
    root = scene.genuine()
    root.append(signature_of(parse_evil(scene)))
    return text_of(root)


@attack("1001")
def test_a_bad_signature_before_the_good_one(scene):
    """The same in the other order, for verifiers that take the last one (Gajek et al. 2009)."""
    root = scene.genuine()
    signature_of(root).addprevious(signature_of(parse_evil(scene)))
    return text_of(root)


def parse_evil(scene):
    """The altered message, signed by a stranger."""
    return etree.fromstring(sign_message(scene.evil(), scene.stranger))


@attack("1001")
def test_a_signature_that_is_the_first_child(scene):
    """The signature moves to the front: what comes after it is read by those who read in order (our profile)."""
    root = scene.genuine()
    root.insert(0, signature_of(root))
    return text_of(root)


@attack("1001")
def test_a_signature_deeper_in_the_message(scene):
    """The signature moves into the business node (Gajek et al. 2009)."""
    root = scene.genuine()
    child(root, "QLF101").append(signature_of(root))
    return text_of(root)


@attack("1001")
def test_a_signature_in_a_namespace_of_its_own(scene):
    """Something that is called Signature, in another namespace, to pass those who look for the local name (our profile)."""
    return text_of(scene.genuine()).replace(
        b"http://www.w3.org/2000/09/xmldsig#", b"http://www.w3.org/2000/09/xmldsig", 1
    )


@attack("1004")
def test_a_text_after_the_signature(scene):
    """Text behind the Signature belongs to the document and to no signature that ends before it (our profile)."""
    return replaced(text_of(scene.genuine()), (b"</ds:Signature>", b"</ds:Signature>more"))


@attack("1001")
def test_an_element_after_the_signature(scene):
    """An altered business node behind the Signature (Jensen et al. 2011)."""
    root = scene.genuine()
    root.append(copy.deepcopy(child(scene.evil(), "QLF101")))
    return text_of(root)


@attack("0001")
def test_two_roots(scene):
    """An altered message after the end of the signed one; a lenient reader takes the last (our profile)."""
    return text_of(scene.genuine()) + etree.tostring(scene.evil())


@attack("0002")
def test_the_signature_as_root(scene):
    """An enveloping signature: the message inside an Object of a Signature that is the root (XMLDSig 10.2)."""
    _, genuine, signature = parts(scene)
    etree.SubElement(signature, ds("Object")).append(genuine)
    return text_of(signature)


@attack("0002")
def test_a_root_that_wraps_a_signed_message(scene):
    """A root nobody knows around a genuine message, for readers that look for the message anywhere (Jensen et al. 2011)."""
    root = etree.Element("Wrapper")
    root.append(scene.genuine())
    return text_of(root)


@attack("1001")
def test_the_signature_on_the_envelope(scene):
    """In a DxpMsg: the signature is taken off the message and put on the envelope (Gruschka, Lo Iacono 2009)."""
    _, genuine, signature = parts(scene)
    envelope = etree.fromstring(enveloped(text_of(genuine)))
    envelope.append(signature)
    return text_of(envelope)


@attack("0002")
def test_a_message_in_the_envelope_as_xml(scene):
    """In a DxpMsg: the signed message stands in Data as XML, beside an altered one in base64 (Gruschka, Lo Iacono 2009)."""
    envelope = etree.fromstring(enveloped(sign_message(scene.evil(), scene.stranger)))
    envelope.find(f"{{{DXP}}}Data").append(scene.genuine())
    return text_of(envelope)


@attack("0002")
def test_two_data_in_the_envelope(scene):
    """In a DxpMsg: two Data, the first genuine, the second altered (Gruschka, Lo Iacono 2009)."""
    envelope = etree.fromstring(enveloped(text_of(scene.genuine())))
    second = copy.deepcopy(envelope.find(f"{{{DXP}}}Data"))
    envelope.find(f"{{{DXP}}}Data").addnext(second)
    return text_of(envelope)


@attack("0002")
def test_an_envelope_in_an_envelope(scene):
    """In a DxpMsg in a DxpMsg: what the outer one hides the checks of the outer one do not see (our profile)."""
    return enveloped(enveloped(text_of(scene.genuine())))


def test_nothing_is_decided_by_the_envelope(scene):
    """Other sender, receiver and type on the envelope of a genuine message: the envelope is signed by nobody (our profile).

    Nothing is decided by it: verdict, sender and route follow from what is signed.
    """
    data = text_of(scene.genuine())
    plain = scene.examine(data)
    lying = scene.examine(enveloped(data, sender="SOMEBODYELSE0001", receivers=("NOBODY",), message_type="QLF141"))
    assert plain.good
    assert (lying.good, lying.digest, lying.business, lying.signer) == (
        True,
        plain.digest,
        plain.business,
        plain.signer,
    )


def enveloped(data, **changes):
    """A DxpMsg around some bytes."""
    usual = {"sender": "DXPENT0000000001", "receivers": ("EDIGATEWAY000001",), "message_type": "QLF101"}
    return write_dxp_msg(DxpMsg(message_id="ERP-1", created="2026-11-22T09:00:00", data=data, **usual | changes))
