"""What an enterprise may want, drawn at random: mostly what it can have, as the model knows it."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from tests.customs.model import FILED, KINDS, SELLERS, TYPES, WARNINGS, Enterprise
from tests.customs.office import Application, Cancellation, CertificateRequest, Change, Filing, Renewal
from tests.system.exchange.letters import HOME, PAPERS, other

ASKED_FOR = ("DRAFT", "APPROVED", "REFUSED", "UNDER_REVIEW")

enterprises = st.sampled_from(sorted(HOME))
kinds = st.sampled_from(sorted(KINDS.values()))
outcomes = st.sampled_from(
    [""] * 9
    + ["SIM-REVIEW"] * 3
    + ["SIM-HOLD", "SIM-DISAPPROVE", "SIM-REFUSE", "SIM-LODGEFAIL", "SIM-LODGEFAILONCE", "SIM-APPROVE"]
)
"""Beginnings of a clientSeqNo."""
filters = st.sampled_from([("", "")] * 8 + [(form, "") for form in KINDS] + [("", one) for one in ASKED_FOR])
"""Form and status that a query of applications asks for."""
one_in = {part: st.sampled_from([False] * (part - 1) + [True]) for part in (2, 4, 6)}
"""True once in so many times."""


def filing_of(uscc: str, types: tuple[str, ...], declarants: tuple[str, ...] = ()) -> Filing:
    """Sellers without a trader say that they hold that already, true or not."""
    held = ("TRADER",) if set(types) & SELLERS and "TRADER" not in types else ()
    return Filing(uscc=uscc, types=types, customs=HOME[uscc], declarants=declarants, held=held)


def able(kind: str, enterprise: Enterprise, today: date) -> bool:
    """Whether it has what such an application is about, and no other that stands in its way for long."""
    held = enterprise.held(today)
    if kind in ("change", "certificate"):
        return bool(held) and not enterprise.is_under(kind)
    return kind == "filing" or ("TEMPORARY" in held if kind == "renewal" else bool(held))


@st.composite
def applications(draw: st.DrawFn, kind: str, uscc: str, enterprise: Enterprise, today: date) -> Application:
    """An application of the enterprise as it stands today: whatever comes, or the first of three that can be."""
    makers = {"filing": filings, "change": changes, "cancellation": cancellations, "renewal": renewals}
    each = makers.get(kind, certificates)(uscc, enterprise, today)
    wanted = draw(each)
    for _ in range(0 if draw(one_in[4]) else 2):
        if enterprise.objections(wanted, today) <= WARNINGS:
            break
        wanted = draw(each)
    return wanted


@st.composite
def filings(draw: st.DrawFn, uscc: str, _enterprise: Enterprise, _today: date) -> Application:
    staff = draw(st.sampled_from([(), (), ("张示例",), ("张示例", "王示例")]))
    return filing_of(uscc, draw(st.sampled_from(FILED)), staff)


@st.composite
def changes(draw: st.DrawFn, uscc: str, enterprise: Enterprise, today: date) -> Application:
    """Mostly of what is held; of declarants on record, and sometimes of one who is not."""
    held = frozenset(enterprise.held(today)) or {"TRADER"}
    types = held ^ {"BROKER"} or held if draw(one_in[6]) else held
    known = [*enterprise.staff.values()]
    named = draw(st.lists(st.sampled_from([*known * 4, "no such number"]), unique=True, max_size=2)) if known else []
    told = [
        (draw(st.sampled_from(["CHANGE", "CANCEL"])), one, "李示例", draw(st.sampled_from(PAPERS))) for one in named
    ]
    told += [("ADD", "", "赵示例", papers) for papers in draw(st.lists(st.sampled_from(PAPERS), max_size=1))]
    customs = HOME[other(uscc)] if draw(one_in[4]) else HOME[uscc]
    return Change(uscc=uscc, types=tuple(sorted(types)), customs=customs, declarants=tuple(told))


@st.composite
def cancellations(draw: st.DrawFn, uscc: str, enterprise: Enterprise, today: date) -> Application:
    """Mostly of what is held, sometimes of something else beside it."""
    types = draw(st.sets(st.sampled_from(sorted(enterprise.held(today)) or TYPES), min_size=1))
    if draw(one_in[6]):
        types |= {draw(st.sampled_from(TYPES))}
    return Cancellation(uscc=uscc, types=tuple(sorted(types)))


@st.composite
def renewals(draw: st.DrawFn, uscc: str, _enterprise: Enterprise, _today: date) -> Application:
    return Renewal(uscc=uscc, type="TRADER" if draw(one_in[6]) else "TEMPORARY")


def certificates(uscc: str, _enterprise: Enterprise, _today: date) -> st.SearchStrategy[Application]:
    return st.just(CertificateRequest(uscc=uscc))


def sender_of(application: Application) -> st.SearchStrategy[str]:
    """Filings and changes are sometimes sent by the other enterprise, by card."""
    both = [application.uscc] * 3 + [other(application.uscc)] * isinstance(application, Filing | Change)
    return st.sampled_from(both)


def medium_of(application: Application, owner: str) -> st.SearchStrategy[str]:
    """By account one acts for oneself only."""
    own = owner == application.uscc and isinstance(application, Filing | Change)
    return st.sampled_from(["legal-person", "operator", *["account"] * own])
