"""Why a certificate is not believed, in words for its holder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from edi.checks.trust import Trust
from edi.core.findings import Dxp


class Reason(NamedTuple):
    """A response code of the DXP platform and a sentence in both languages."""

    code: str
    zh: str
    en: str


REASONS: Mapping[Trust, Reason] = {
    Trust.NOT_A_SIGNER: Reason(
        Dxp.OTHER_SECURITY,
        "签名证书不是签名用途的最终用户证书；请使用企业的签名证书",
        "The certificate is not an end-entity certificate for signing; use the enterprise's signing certificate",
    ),
    Trust.WEAK_KEY: Reason(
        Dxp.OTHER_SECURITY,
        "证书密钥不符合要求（RSA 不少于 2048 位、P-256 或 SM2）；请换用新证书",
        "The certificate's key is not allowed (RSA of 2048 bits or more, P-256 or SM2); use a newer certificate",
    ),
    Trust.UNKNOWN_ISSUER: Reason(
        Dxp.OTHER_SECURITY,
        "签名证书不是由受信任的机构签发；请使用电子口岸机构签发的卡或账号证书",
        "The certificate was not issued by an authority we trust; use the card or account certificate issued to you",
    ),
    Trust.NOT_YET_VALID: Reason(
        Dxp.SIGNATURE_EXPIRED,
        "签名证书尚未生效；请检查证书有效期",
        "The certificate is not valid yet; check its validity",
    ),
    Trust.EXPIRED: Reason(
        Dxp.SIGNATURE_EXPIRED,
        "签名证书已过期；请办理延期后重新签名",
        "The certificate has expired; have it extended and sign again",
    ),
    Trust.ON_HOLD: Reason(
        Dxp.OTHER_SECURITY,
        "签名证书的卡已挂失或冻结；请向发证机构办理解挂或解冻后重新提交，或改用其他卡签名",
        "The card of the certificate was reported lost or is frozen; have its authority release it and submit again, or "
        "sign with another card",
    ),
    Trust.REVOKED: Reason(
        Dxp.OTHER_SECURITY,
        "签名证书已被注销；请向发证机构申领新卡后重新签名",
        "The certificate was revoked; get a new card from its authority and sign again",
    ),
    Trust.NAMES_NOBODY: Reason(
        Dxp.OTHER_SECURITY,
        "证书未载明本通道的企业（统一社会信用代码或组织机构代码）或介质类别；请使用企业的卡或账号证书",
        "The certificate names no enterprise of this channel (USCC or organisation code) or no known medium; use a card "
        "or account certificate",
    ),
}
"""Every answer that refuses."""
