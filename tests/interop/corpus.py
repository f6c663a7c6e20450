"""Good and broken signatures for comparing judges: each case is one file; most are signed by xmlsec1 from a template.

The keys are new in every run, the cases and the verdicts on them are not.
"""

import base64
import re
import subprocess
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from edi.adapters.pki import Issued, KeyKind
from edi.messages.dsig import SigningKey, sign_message
from tests.trust.parties import HOLDER, NOW, authority, pem, signer

DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
C14N11 = "http://www.w3.org/2006/12/xml-c14n11"
RSA_SHA256, ECDSA_SHA256 = f"{MORE}rsa-sha256", f"{MORE}ecdsa-sha256"
ENVELOPED = f'<{{p}}Transform Algorithm="{DS}enveloped-signature"/>'
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment before the root -->
<Filing xmlns="urn:example:filing" xmlns:x="urn:example:extension">
  <name b="2" a="1">示例贸易（北京）有限公司</name>
  <address><!-- a comment -->879 Example Road&#13;
Beijing</address><remark/>
  <x:more x:kind="&quot;&lt;&#9;">a &amp; b</x:more>
  <y:other xmlns:y="urn:example:other">text</y:other>
SIGNATURE</Filing>
"""
TEMPLATE = """<{p}Signature xmlns{x}="{ds}"{id}><{p}SignedInfo><{p}CanonicalizationMethod Algorithm="{c14n}"/>
<{p}SignatureMethod Algorithm="{method}"/>{references}</{p}SignedInfo>
<{p}SignatureValue/><{p}KeyInfo>{key_info}</{p}KeyInfo></{p}Signature>"""
REFERENCE = """<{p}Reference URI="{uri}"><{p}Transforms>{transforms}</{p}Transforms>
<{p}DigestMethod Algorithm="{digest}"/><{p}DigestValue/></{p}Reference>"""


@dataclass(frozen=True)
class Template:
    """A signature as xmlsec1 is to make it."""

    prefix: str = "ds"
    c14n: str = INCLUSIVE
    method: str = ECDSA_SHA256
    digest: str = f"{ENC}sha256"
    uris: tuple[str, ...] = ("",)
    transforms: str = ENVELOPED
    key_info: str = "<{p}X509Data/>"

    def text(self):
        p = f"{self.prefix}:" if self.prefix else ""
        references = "".join(
            REFERENCE.format(p=p, uri=uri, transforms=self.transforms.format(p=p), digest=self.digest)
            for uri in self.uris
        )
        return TEMPLATE.format(
            p=p, x=f":{self.prefix}" if self.prefix else "", ds=DS, id="", c14n=self.c14n, method=self.method,
            references=references, key_info=self.key_info.format(p=p),
        )  # fmt: skip


class Corpus:
    """Writes the cases into a folder; `good` says which of them our profile accepts."""

    def __init__(self, home):
        self.home = home
        self.folder = home / "cases"
        self.folder.mkdir()
        self.authority = authority()
        self.stranger = authority(name="另一示例机构")
        (home / "ca.pem").write_bytes(pem(self.authority))
        self.keys = {"RSA": signer(self.authority, KeyKind.RSA), "EC": signer(self.authority, KeyKind.P256)}
        self.keys["other"] = signer(self.authority, KeyKind.P256)
        self.keys["SM2"] = signer(self.authority, KeyKind.SM2)
        self.keys["stranger"] = signer(self.stranger, KeyKind.P256)
        self.keys["P-384"] = self._unusual(ec.generate_private_key(ec.SECP384R1()))
        self.keys["RSA-1024"] = self._unusual(rsa.generate_private_key(65537, 1024))
        long_ago = NOW - timedelta(days=10)
        old = self.authority.issue(HOLDER, long_ago, validity=timedelta(days=1))
        self.keys["expired"] = SigningKey(old.key, old.certificate, HOLDER.card_no)
        root = self.authority.root
        self.keys["authority"] = SigningKey(root.key, root.certificate, "1")
        for name, key in self.keys.items():
            Issued(key.key, key.certificate).save(home / name)
        self.good = {}

    def _unusual(self, key):
        issued = self.authority.issue(HOLDER, NOW, key=key)
        return SigningKey(issued.key, issued.certificate, HOLDER.card_no)

    def add(self, name, data, *, good):
        assert name not in self.good
        self.good[name] = good
        (self.folder / name).write_bytes(data)

    def signed(self, template=Template(), key="EC", content=CONTENT, hmac=False):
        """The content signed by xmlsec1."""
        source, target = self.home / "source.xml", self.home / "signed.xml"
        source.write_text(content.replace("SIGNATURE", template.text()), "utf-8")
        stem = self.home / key
        words = ["--hmackey", f"{stem}.pem"] if hmac else ["--privkey-pem", f"{stem}.key,{stem}.pem"]
        made = subprocess.run(
            ["xmlsec1", "--sign", *words, "--output", target, source], capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stderr
        return target.read_bytes()


def build(home):
    """The corpus, written into `home`."""
    corpus = Corpus(home)
    add_good(corpus)
    add_outside_the_profile(corpus)
    add_keys_we_do_not_believe(corpus)
    add_broken(corpus)
    return corpus


def add_good(corpus):
    """What the profile allows, by us and by xmlsec1, and changes that are none."""
    unsigned = etree.fromstring(CONTENT.replace("SIGNATURE", "").encode())
    for kind in ("RSA", "EC", "SM2"):
        corpus.add(f"ours {kind}", sign_message(unsigned, corpus.keys[kind]), good=True)
    for kind, method in (("RSA", RSA_SHA256), ("EC", ECDSA_SHA256)):
        for way, uri in (("inclusive", INCLUSIVE), ("exclusive", EXCLUSIVE)):
            for prefix in ("", "ds"):
                transforms = f'{ENVELOPED}<{{p}}Transform Algorithm="{uri}"/>'
                template = Template(prefix=prefix, c14n=uri, method=method, transforms=transforms)
                name = f"xmlsec1 {kind} {way} {'prefix' if prefix else 'default namespace'}"
                corpus.add(name, corpus.signed(template, kind), good=True)
    listed = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="x #default"/>'
    transforms = f'{ENVELOPED}<{{p}}Transform Algorithm="{EXCLUSIVE}">{listed}</{{p}}Transform>'
    corpus.add("exclusive with a list of prefixes", corpus.signed(Template(transforms=transforms)), good=True)
    with_language = CONTENT.replace("<Filing", '<Filing xml:lang="zh"')
    corpus.add("xml:lang on the root", corpus.signed(content=with_language), good=True)
    good = corpus.signed()
    corpus.add("enveloped transform only", good, good=True)
    corpus.add("line ends CRLF in the file", good.replace(b"\n", b"\r\n"), good=True)
    corpus.add("byte order mark", b"\xef\xbb\xbf" + good, good=True)
    text = good.decode()
    corpus.add("as UTF-16", text.replace("UTF-8", "UTF-16").encode("utf-16"), good=True)
    corpus.add("as GB18030", text.replace("UTF-8", "GB18030").encode("gb18030"), good=True)
    corpus.add("attributes in another order", good.replace(b'b="2" a="1"', b'a="1"   b="2"'), good=True)
    corpus.add("empty element written out", good.replace(b"<remark/>", b"<remark></remark>"), good=True)
    corpus.add("comment added to the content", good.replace(b"<remark/>", b"<!-- new --><remark/>"), good=True)
    corpus.add("comment in the digest value", inserted(good, "DigestValue", b"<!-- -->"), good=True)
    corpus.add("base64 in many lines", inserted(good, "SignatureValue", b"\n  "), good=True)
    corpus.add("the other s of the same ECDSA value", with_value(good, other_s), good=True)


def add_outside_the_profile(corpus):
    """Signatures that hold, of kinds the profile does not have."""
    rsa_sha1 = Template(method=f"{DS}rsa-sha1", digest=f"{DS}sha1")
    also = f"{ENVELOPED}<{{p}}Transform Algorithm="
    xpath = f'{also}"http://www.w3.org/TR/1999/REC-xpath-19991116"><{{p}}XPath>not(self::remark)</{{p}}XPath></{{p}}Transform>'
    cases = {
        "RSA with SHA-1": (rsa_sha1, "RSA"),
        "SHA-1 as digest only": (Template(digest=f"{DS}sha1"), "EC"),
        "RSA with SHA-512": (Template(method=f"{MORE}rsa-sha512"), "RSA"),
        "SHA-512 as digest": (Template(digest=f"{ENC}sha512"), "EC"),
        "ECDSA with SHA-384": (Template(method=f"{MORE}ecdsa-sha384"), "P-384"),
        "C14N 1.1": (Template(c14n=C14N11), "EC"),
        "C14N 1.1 as transform": (Template(transforms=f'{also}"{C14N11}"/>'), "EC"),
        "SignedInfo with comments": (Template(c14n=f"{INCLUSIVE}#WithComments"), "EC"),
        "content with comments": (Template(transforms=f'{also}"{INCLUSIVE}#WithComments"/>'), "EC"),
        "XPath transform": (Template(transforms=xpath), "EC"),
        "two references": (Template(uris=("", "")), "EC"),
        "reference by xpointer": (Template(uris=("#xpointer(/)",)), "EC"),
        "KeyName of somebody else": (Template(key_info="<{p}KeyName>999</{p}KeyName><{p}X509Data/>"), "EC"),
        "key without certificate": (Template(method=RSA_SHA256, key_info="<{p}KeyValue/>"), "RSA"),
    }  # fmt: skip
    for name, (template, key) in cases.items():
        corpus.add(name, corpus.signed(template, key), good=False)
    (corpus.home / "outside.xml").write_text("<outside/>")
    outside = Template(
        uris=(f"file://{corpus.home}/outside.xml",), transforms=f'<{{p}}Transform Algorithm="{INCLUSIVE}"/>'
    )
    corpus.add("reference to a file", corpus.signed(outside), good=False)
    hmac = corpus.signed(Template(method=f"{MORE}hmac-sha256"), hmac=True)
    corpus.add("HMAC with the certificate as key", hmac, good=False)
    first = CONTENT.replace("SIGNATURE", "").replace("  <name", "SIGNATURE  <name")
    corpus.add("signature as first child", corpus.signed(content=first), good=False)
    deeper = CONTENT.replace("SIGNATURE", "<deeper>SIGNATURE</deeper>")
    corpus.add("signature below another element", corpus.signed(content=deeper), good=False)
    good = corpus.signed()
    twice = re.search(b"<ds:Signature .*</ds:Signature>", good, re.DOTALL)[0]
    corpus.add("the same signature twice", good.replace(b"</Filing>", twice + b"</Filing>"), good=False)
    doctype = CONTENT.replace("<Filing", "<!DOCTYPE Filing><Filing", 1)
    corpus.add("document type declaration", corpus.signed(content=doctype), good=False)
    declared = b'<!DOCTYPE Filing [<!ENTITY city "Beijing">]>\n<Filing'
    entity = good.replace(b"<Filing", declared, 1).replace(b"\nBeijing", b"\n&city;")
    corpus.add("entity", entity, good=False)
    instruction = CONTENT.replace("<remark/>", "<?do it?>")
    corpus.add("processing instruction", corpus.signed(content=instruction), good=False)


def add_keys_we_do_not_believe(corpus):
    """Signatures that hold, by keys that may not sign."""
    for key in ("stranger", "expired", "authority"):
        corpus.add(f"signed by {key}", corpus.signed(key=key), good=False)
    corpus.add("signed by RSA-1024", corpus.signed(Template(method=RSA_SHA256), "RSA-1024"), good=False)
    corpus.add("ECDSA with SHA-256 by P-384", corpus.signed(key="P-384"), good=False)


def add_broken(corpus):
    """What was changed after signing."""
    good = corpus.signed()
    other = corpus.keys["other"].certificate.public_bytes(Encoding.DER)
    changes = {
        "content changed": good.replace(b"text", b"next"),
        "attribute changed": good.replace(b'a="1"', b'a="2"'),
        "element added": good.replace(b"<remark/>", b"<remark/><remark/>"),
        "blank added to the content": good.replace(b"</name>", b" </name>"),
        "blank between elements": good.replace(b"<remark/>", b" <remark/>"),
        "white space after the signature": good.replace(b"</ds:Signature>", b"</ds:Signature>\n"),
        "carriage return lost": good.replace(b"&#13;", b""),
        "namespace added to the root": good.replace(b" xmlns:x=", b' xmlns:z="urn:example:z" xmlns:x='),
        "prefix changed": good.replace(b"y:other", b"z:other").replace(b"xmlns:y", b"xmlns:z"),
        "processing instruction added": good.replace(b"<remark/>", b"<?do it?><remark/>"),
        "value changed": with_value(good, lambda value: bytes([value[0] ^ 1]) + value[1:]),
        "value empty": with_value(good, lambda _: b""),
        "value of zeros": with_value(good, lambda _: bytes(64)),
        "value cut short": with_value(good, lambda value: value[:-1]),
        "value as DER": with_value(good, as_der),
        "exclamation mark in the value": inserted(good, "SignatureValue", b"!"),
        "digest changed": re.sub(rb"(?<=<ds:DigestValue>).", lambda found: b"B" if found[0] == b"A" else b"A", good),
        "certificate changed": re.sub(rb"(<ds:X509Certificate>)[^<]+", rb"\1" + base64.b64encode(other), good),
        "certificate unreadable": re.sub(rb"(<ds:X509Certificate>)\s*M", rb"\1A", good),
        "SignedInfo indented": good.replace(b"<ds:SignatureMethod", b"    <ds:SignatureMethod"),
        "method changed": good.replace(b"#ecdsa-sha256", b"#ecdsa-sha384"),
        "no signature": re.sub(b"<ds:Signature .*</ds:Signature>", b"", good, flags=re.DOTALL),
        "two SignedInfo": re.sub(b"(<ds:SignedInfo>.*</ds:SignedInfo>)", rb"\1\1", good, flags=re.DOTALL),
        "not well-formed": good.replace(b"</name>", b"</nome>"),
    }
    for name, data in changes.items():
        assert data != good, name
        corpus.add(name, data, good=False)


def inserted(data, element, more):
    """The text of an element with `more` after its fourth character."""
    return re.sub(rf"(<ds:{element}>\s*\S{{4}})".encode(), lambda found: found[0] + more, data)


def with_value(data, change):
    found = re.search(rb"(?<=<ds:SignatureValue>)[^<]+", data)
    return data[: found.start()] + base64.b64encode(change(base64.b64decode(found[0]))) + data[found.end() :]


def other_s(value):
    """ECDSA holds for s and for the order less s."""
    return value[:32] + (P256_ORDER - int.from_bytes(value[32:], "big")).to_bytes(32, "big")


def as_der(value):
    return encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))
