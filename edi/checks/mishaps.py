"""What usually goes wrong between signing a message and sending it: the catalogue, in words.

Nothing here is guessed at a reader: `edi.checks.mismatch` undoes each mishap and looks whether the
signature then holds. Only what held is told.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mishap:
    """One cause, and how to mend it."""

    name: str
    """For programs."""
    zh: str
    en: str


ONE_LINE = Mishap(
    "indented-afterwards",
    "签名时元素之间没有空白，签名后才加上换行和缩进；请在签名前排好格式，签名后原样写出，不再缩进",
    "There was no white space between the elements when it was signed; line breaks and indentation came afterwards. "
    "Lay it out before signing, and write it as it is after signing",
)
INDENTED = {
    unit: Mishap(
        f"indented-by-{name}",
        f"签名时各层以{zh}缩进，签名后排版被改动；请在签名前排好格式，签名后原样写出",
        f"It was indented by {en} when it was signed, and laid out differently afterwards. Lay it out before signing, "
        "and write it as it is after signing",
    )
    for unit, name, zh, en in (
        ("  ", "two-spaces", "两个空格", "two spaces"),
        ("    ", "four-spaces", "四个空格", "four spaces"),
        ("\t", "tab", "制表符", "a tab"),
    )
}
"""By what one level is indented → the mishap."""
TRIMMED = Mishap(
    "text-trimmed",
    "签名时元素文字首尾没有空白，签名后才加上；请勿在签名后改动文字首尾的空白",
    "The texts had no white space at their ends when it was signed; do not add any after signing",
)
CRLF_SIGNED = Mishap(
    "crlf-signed",
    "签名时换行为 CRLF（Windows 换行进入了签名内容），XML 读取后为 LF；请先把文字中的 CRLF 换成 LF 再签名",
    "Line ends were CRLF when it was signed; whoever reads the XML gets LF. Turn CRLF into LF before signing",
)
CR_ADDED = Mishap(
    "cr-added",
    "报文含有回车符（&#13;），签名时没有；请勿在签名后转换换行",
    "The message has carriage returns (&#13;) that were not there when it was signed; do not convert line ends after "
    "signing",
)
INCLUSIVE = Mishap(
    "inclusive-c14n",
    "所用的规范化是 C14N 1.0（inclusive），报文却写 exclusive；请让声明的算法与所用的一致",
    "It was canonicalised by inclusive C14N 1.0, but the message says exclusive; name the one that is used",
)
EXCLUSIVE = Mishap(
    "exclusive-c14n",
    "所用的规范化是 Exclusive C14N，报文却写（或默认为）inclusive；请让声明的算法与所用的一致",
    "It was canonicalised by exclusive C14N, but the message says inclusive or nothing; name the one that is used",
)
COMMENTS = Mishap(
    "comments-signed",
    "签名时把注释也算入摘要；请改用不含注释的规范化，或去掉注释后重新签名",
    "The comments were digested too; use a canonicalisation without comments, or remove the comments and sign again",
)
NAMESPACES_ADDED = Mishap(
    "namespaces-added",
    "签名后外层加上了命名空间声明（多为容器或转换工具所加）；请签名后不再改动，或改用 Exclusive C14N 签名",
    "Namespace declarations were added after signing, most often by a container or a converter; leave the message "
    "alone after signing, or sign with exclusive C14N",
)
IN_AN_ENVELOPE = Mishap(
    "namespaces-lost",
    "签名时外层还声明了其他命名空间（多为报文放在信封内签名）；请把业务报文单独签名后再放入信封，或改用 Exclusive C14N",
    "Further namespaces were in scope when it was signed, most often those of an envelope around the message; sign the "
    "business message by itself, then put it into the envelope, or use exclusive C14N",
)
SIGNATURE_LEFT_IN = Mishap(
    "signature-left-in",
    "计算摘要时没有去掉 Signature 元素；请先执行 enveloped-signature 变换，再规范化和计算摘要",
    "The Signature element was not taken out before the digest; apply the enveloped-signature transform first",
)
NOT_CANONICAL = Mishap(
    "file-digested",
    "摘要是按文件字节计算的，没有规范化；请对规范化（C14N）后的字节计算摘要",
    "The digest is of the bytes of the file; canonicalise (C14N) first, then digest",
)
ONLY_A_PART = Mishap(
    "part-signed",
    '只对根元素下的一个元素计算了摘要；请对整个报文（URI=""，去掉 Signature）计算摘要',
    'Only one element below the root was digested; digest the whole message (URI="", without the Signature)',
)
GB18030_SIGNED = Mishap(
    "gb18030-signed",
    "签名时文字按 GB18030 编码，规范化必须用 UTF-8；请把规范化后的 UTF-8 字节交给签名程序，或检查文件是否被错误转码",
    "The text was GB18030 when it was signed; canonical XML is always UTF-8. Give the signing program UTF-8, and see "
    "whether the file was re-coded wrongly",
)
GB18030_MISREAD = Mishap(
    "misread-as-gb18030",
    "签名时 UTF-8 文字被当作 GB18030 读入（乱码后签名）；请按 UTF-8 读取后再签名",
    "UTF-8 was read as GB18030 when it was signed; read it as UTF-8",
)
LATIN1_SIGNED = Mishap(
    "latin1-signed",
    "文字在签名后被错误转码（按 Latin-1 读入 UTF-8）；请按 UTF-8 读写文件",
    "The text was re-coded wrongly after signing (UTF-8 read as Latin-1); read and write the file as UTF-8",
)
UTF16_SIGNED = Mishap(
    "utf16-signed",
    "签名时文字按 UTF-16 编码（程序内部的字符串）；规范化必须用 UTF-8，请转成 UTF-8 字节再签名",
    "The text was UTF-16 when it was signed, as strings are inside many programs; canonical XML is UTF-8",
)
MARK_SIGNED = Mishap(
    "byte-order-mark-signed",
    "签名时字节前带有 BOM（EF BB BF）；请去掉 BOM 后再计算",
    "A byte order mark (EF BB BF) was signed with it; leave it out",
)
OTHER_HASH = {
    name: Mishap(
        f"{name}-used",
        f"实际使用的摘要算法是 {title}，与报文声明的不同；请使用声明的算法，并符合签名规格",
        f"The hash that was used is {title}, not the one the message names; use the one named, as the profile has it",
    )
    for name, title in (("sha1", "SHA-1"), ("sha256", "SHA-256"), ("sm3", "SM3"))
}
"""Name of a hash → the mishap that it was used instead of the declared one."""
HEXADECIMAL = Mishap(
    "hexadecimal",
    "值是十六进制文字；请把原始字节按 base64 写入",
    "The value is hexadecimal; write the raw bytes as base64",
)
DER_VALUE = Mishap(
    "der-value",
    "签名值是 DER 结构，XML 签名要求 r 和 s 直接相接（r‖s，各 32 字节）；请转换后写入",
    "The value is DER; XML Signature wants r and s one after the other (r‖s, 32 bytes each); convert it",
)
REVERSED_VALUE = Mishap(
    "reversed-value",
    "签名值的字节次序颠倒（CryptoAPI 输出为低位在前）；请把字节倒序后写入",
    "The bytes of the value stand in reverse order, as CryptoAPI gives them; turn them round",
)
OTHER_CERTIFICATE = Mishap(
    "other-certificate",
    "签名用的是另一张证书的密钥；请在 X509Certificate 中放入签名所用的证书，或改用与之配套的密钥",
    "The key of another certificate signed it; put the certificate of the signing key into X509Certificate",
)
CONTENT_SIGNED = Mishap(
    "content-signed",
    "签名值是直接对报文内容所签，不是对 SignedInfo；请对规范化后的 SignedInfo 签名",
    "The value is over the content itself; it must be over the canonical SignedInfo",
)
DIGEST_SIGNED = Mishap(
    "digest-signed",
    "签名值是对摘要值所签，不是对 SignedInfo；请对规范化后的 SignedInfo 签名",
    "The value is over the digest; it must be over the canonical SignedInfo",
)
HASHED_TWICE = Mishap(
    "hashed-twice",
    "签名前已先计算一次摘要，签名程序又计算了一次；请把规范化后的 SignedInfo 原样交给签名程序",
    "SignedInfo was hashed before it was given to the signing program, which hashes by itself; give it as it is",
)
NOT_OPTED_IN = Mishap(
    "not-opted-in",
    "签名完好，但属于须由通道另行开通的种类；请管理员在通道的 signatures 中开通，或用 --allow 核对",
    "The signature holds, but is of a kind that a channel must opt into; have the administrator add it to `signatures` "
    "of the channel, or try with --allow",
)
