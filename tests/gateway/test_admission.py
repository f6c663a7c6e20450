"""The truth table of duplicates, conflicts and drafts (exchange 9, domain 1.6)."""

import pytest

from edi.core.status import Status
from edi.gateway.admission import Accept, Act, Duplicate, Known, Refuse, decide
from edi.messages.business import Application, Business

NEW, REPLACE, DELETE = "1", "2", "3"
THIS, OTHER = "this-digest", "other-digest"


def application(guid="A", app_type=NEW, *, draft=False):
    return Application(
        guid=guid, app_type=app_type, is_draft=draft, client_seq_no="", application_no="", filing_mode="OWN",
        sign_mode="CARD", applicant="", applicant_name="", customs="0117",
    )  # fmt: skip


def judge(*applications, known=None):
    business = Business(form="QLF101", guid="M", sender="", applications=applications)
    return decide(business, THIS, known or {}, "QLF-130")


def code_of(decision):
    assert isinstance(decision, Refuse)
    return decision.findings[0].code


@pytest.mark.parametrize(
    ("sent", "known", "expected"),
    [
        (application(), None, Act.SUBMIT),
        (application(draft=True), None, Act.SAVE),
        (application(draft=True, app_type=REPLACE), Known(Status.DRAFT, OTHER), Act.REPLACE),
        (application(app_type=DELETE), Known(Status.DRAFT, OTHER), Act.DELETE),
        (application(), Known(Status.DRAFT, OTHER), Act.SUBMIT),
        (application(app_type=REPLACE), Known(Status.DRAFT, OTHER), Act.SUBMIT),
        (application(), Known(Status.LODGE_FAILED, THIS), Act.RESEND),
        (application(), Known(Status.LODGE_FAILED, OTHER), Act.SUBMIT),
    ],
)
def test_what_is_taken(sent, known, expected):
    assert judge(sent, known={"A": known} if known else {}) == Accept((expected,))


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.LODGE_FAILED])
def test_the_same_content_again_is_a_duplicate(status):
    assert judge(application(), known={"A": Known(status, THIS)}) == Duplicate()


@pytest.mark.parametrize("status", [one for one in Status if one not in (Status.DRAFT, Status.LODGE_FAILED)])
@pytest.mark.parametrize("app_type", [NEW, REPLACE, DELETE])
def test_what_was_submitted_cannot_be_changed(status, app_type):
    assert code_of(judge(application(app_type=app_type), known={"A": Known(status, OTHER)})) == "QLF-130"


@pytest.mark.parametrize("app_type", [REPLACE, DELETE])
def test_there_must_be_a_draft_to_replace_or_delete(app_type):
    assert code_of(judge(application(app_type=app_type))) == "2999"


def test_two_applications_of_a_message_cannot_share_a_guid():
    assert code_of(judge(application(), application())) == "QLF-130"


def test_a_message_with_one_conflict_is_refused_as_a_whole():
    known = {"B": Known(Status.APPROVED, OTHER)}
    decision = judge(application("A"), application("B"), known=known)
    assert [finding.path for finding in decision.findings] == ["/QLF101Message/QLF101[2]/head/guid"]
