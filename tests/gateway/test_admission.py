"""The truth table of duplicates, conflicts and drafts (exchange 9, domain 1.6)."""

import pytest

from edi.core.status import Status
from edi.gateway.admission import Accept, Act, Duplicate, Earlier, Known, Question, Refuse, decide
from edi.messages.business import Application, Business

NEW, REPLACE, DELETE = "1", "2", "3"
THIS, OTHER = "this-digest", "other-digest"
US, THEM = "us", "them"


def application(guid="A", app_type=NEW, *, draft=False):
    return Application(
        guid=guid, app_type=app_type, is_draft=draft, client_seq_no="", application_no="", sign_mode="CARD", applicant="", applicant_name="", customs="0117",
    )  # fmt: skip


def on_record(status, digest=OTHER, owner=US, form="QLF101"):
    return Known(status=status, digest=digest, owner=owner, form=form)


def judge(*applications, known=None, earlier=None):
    business = Business(form="QLF101", guid="M", sender=US, applications=applications)
    question = Question(business=business, digest=THIS, owner=US, channel="demo", conflict_code="QLF-130")
    return decide(question, earlier, known or {})


def code_of(decision):
    assert isinstance(decision, Refuse)
    return decision.findings[0].code


@pytest.mark.parametrize(
    ("sent", "status", "expected"),
    [
        (application(), None, Act.SUBMIT),
        (application(draft=True), None, Act.SAVE),
        (application(draft=True, app_type=REPLACE), Status.DRAFT, Act.REPLACE),
        (application(app_type=DELETE), Status.DRAFT, Act.DELETE),
        (application(), Status.DRAFT, Act.SUBMIT),
        (application(app_type=REPLACE), Status.DRAFT, Act.SUBMIT),
        (application(), Status.LODGE_FAILED, Act.SUBMIT),
        (application(app_type=REPLACE), Status.LODGE_FAILED, Act.SUBMIT),
    ],
)
def test_what_is_taken(sent, status, expected):
    assert judge(sent, known={"A": on_record(status)} if status else {}) == Accept((expected,))


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.LODGE_FAILED])
def test_the_same_content_again_is_a_duplicate(status):
    assert judge(application(), known={"A": on_record(status, THIS)}, earlier=Earlier(channel="demo")) == Duplicate()


def test_an_old_draft_does_not_come_back():
    """Its content was accepted once; what replaced or deleted it since stands."""
    for known in ({"A": on_record(Status.DRAFT, OTHER)}, {"A": on_record(Status.LODGED, OTHER)}, {}):
        assert judge(application(draft=True), known=known, earlier=Earlier(channel="demo")) == Duplicate()


def test_what_customs_could_not_store_goes_again_and_the_rest_is_left():
    known = {"A": on_record(Status.LODGE_FAILED, THIS), "B": on_record(Status.APPROVED, THIS)}
    decision = judge(application("A"), application("B"), known=known, earlier=Earlier(channel="demo"))
    assert decision == Accept((Act.RESEND, Act.LEAVE))


def test_another_channel_gets_neither_answer_nor_receipts():
    decision = judge(application(), known={"A": on_record(Status.APPROVED, THIS)}, earlier=Earlier(channel="agent"))
    assert code_of(decision) == "1999"


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("app_type", [NEW, REPLACE, DELETE])
@pytest.mark.parametrize("draft", [True, False])
@pytest.mark.parametrize("whose", [{"owner": THEM}, {"form": "QLF111"}])
def test_nobody_touches_what_belongs_to_another(status, app_type, draft, whose):
    decision = judge(application(app_type=app_type, draft=draft), known={"A": on_record(status, **whose)})
    assert code_of(decision) == "QLF-130"
    assert status.text not in decision.findings[0].zh, "the status of another's application is nobody's business"


@pytest.mark.parametrize("status", [one for one in Status if one not in (Status.DRAFT, Status.LODGE_FAILED)])
@pytest.mark.parametrize("app_type", [NEW, REPLACE, DELETE])
def test_what_was_submitted_cannot_be_changed(status, app_type):
    assert code_of(judge(application(app_type=app_type), known={"A": on_record(status)})) == "QLF-130"


@pytest.mark.parametrize("sent", [application(app_type=DELETE), application(draft=True)])
def test_what_failed_to_be_stored_can_neither_be_deleted_nor_become_a_draft(sent):
    assert code_of(judge(sent, known={"A": on_record(Status.LODGE_FAILED)})) == "QLF-130"


@pytest.mark.parametrize("app_type", [REPLACE, DELETE])
def test_there_must_be_a_draft_to_replace_or_delete(app_type):
    assert code_of(judge(application(app_type=app_type))) == "2999"


def test_two_applications_of_a_message_cannot_share_a_guid():
    assert code_of(judge(application(), application())) == "QLF-130"


def test_a_message_with_one_conflict_is_refused_as_a_whole():
    decision = judge(application("A"), application("B"), known={"B": on_record(Status.APPROVED)})
    assert [finding.path for finding in decision.findings] == ["/QLF101Message/QLF101[2]/head/guid"]
