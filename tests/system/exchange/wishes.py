"""What an enterprise may want, drawn at random: mostly what it can have, as the model knows it, and sometimes not."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from tests.customs.model import FILED, KINDS, SELLERS, TYPES, Enterprise
from tests.customs.office import Application, Cancellation, CertificateRequest, Change, Filing, Renewal
from tests.system.exchange.letters import HOME, PAPERS, other

enterprises = st.sampled_from(sorted(HOME))
kinds = st.sampled_from(sorted(KINDS.values()))
outcomes = st.sampled_from(
    [""] * 6
    + ["SIM-REVIEW"] * 3
    + ["SIM-HOLD", "SIM-DISAPPROVE", "SIM-REFUSE", "SIM-LODGEFAIL", "SIM-LODGEFAILONCE", "SIM-APPROVE"]
)
"""Beginnings of a clientSeqNo."""
one_in = {part: st.sampled_from([False] * (part - 1) + [True]) for part in (2, 4, 6)}
"""True once in so many times."""


def filing_of(uscc: str, types: tuple[str, ...], declarants: tuple[str, ...] = ()) -> Filing:
    """Sellers without a trader say that they hold that already, true or not."""
    held = ("TRADER",) if set(types) & SELLERS and "TRADER" not in types else ()
    return Filing(uscc=uscc, types=types, customs=HOME[uscc], declarants=declarants, held=held)


@st.composite
def applications(draw: st.DrawFn, kind: str, uscc: str, enterprise: Enterprise, today: date) -> Application:
    """An application of the enterprise as it stands today."""
    match kind:
        case "filing":
            return draw(filings(uscc, enterprise, today))
        case "change":
            return draw(changes(uscc, enterprise, today))
        case "cancellation":
            return draw(cancellations(uscc, enterprise, today))
        case "renewal":
            return Renewal(uscc=uscc, type="TRADER" if draw(one_in[6]) else "TEMPORARY")
        case _:
            return CertificateRequest(uscc=uscc)


@st.composite
def filings(draw: st.DrawFn, uscc: str, enterprise: Enterprise, today: date) -> Filing:
    staff = draw(st.sampled_from([(), (), ("张示例",), ("张示例", "王示例")]))
    each = [filing_of(uscc, types, staff) for types in FILED]
    possible = [one for one in each if not enterprise.objections(one, today)]
    return draw(st.sampled_from(possible * 6 + each))


@st.composite
def changes(draw: st.DrawFn, uscc: str, enterprise: Enterprise, today: date) -> Change:
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
def cancellations(draw: st.DrawFn, uscc: str, enterprise: Enterprise, today: date) -> Cancellation:
    """Mostly of what is held, sometimes of something else beside it."""
    types = draw(st.sets(st.sampled_from(sorted(enterprise.held(today)) or TYPES), min_size=1))
    if draw(one_in[6]):
        types |= {draw(st.sampled_from(TYPES))}
    return Cancellation(uscc=uscc, types=tuple(sorted(types)))


def sender_of(application: Application) -> st.SearchStrategy[str]:
    """Filings and changes are sometimes sent by the other enterprise, by card."""
    both = [application.uscc] * 3 + [other(application.uscc)] * isinstance(application, Filing | Change)
    return st.sampled_from(both)


def medium_of(application: Application, owner: str) -> st.SearchStrategy[str]:
    """By account one acts for oneself only."""
    own = owner == application.uscc and isinstance(application, Filing | Change)
    return st.sampled_from(["legal-person", "operator", *["account"] * own])
