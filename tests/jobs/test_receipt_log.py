"""The nightly receipt log: right sums, and harmless in a browser and in a spreadsheet."""

import csv
import io

import pytest
from lxml import html

from edi.app.ops.receipt_log import day_log, write_receipt_logs
from edi.app.ops.receipt_pages import COLUMNS, harmless
from edi.core.times import CHINA

HOSTILE = '=HYPERLINK("http://example.invalid","x")<script>alert(1)</script>'


@pytest.fixture
def evening(night):
    for name in (
        "01-BROKER.xml",
        "02-TRADER.xml",
        "SIM-REFUSE.xml",
        "SIM-DISAPPROVE-R04.xml",
        "QLF-031-birth-date.xml",
    ):
        night.drop(night.sample(name))
    night.run()
    return night


def log_of(night, channel="demo"):
    with night.office() as office:
        return day_log(office, channel, night.clock().astimezone(CHINA).date())


def test_sums_are_those_of_the_list_and_of_the_ledger(evening):
    log = log_of(evening)
    assert log.balanced
    assert (
        sum(number for _, number in log.statuses)
        == len(log.lines)
        == evening.sql("select count(*) from receipts")[0][0]
    )
    assert dict(log.outcomes) == {"受理": 4, "被拒": 1, "冲突被拒": 0, "重复": 0, "隔离": 0}
    assert [status for status, _ in log.statuses] == [
        "海关入库成功，请等待审核",
        "海关不予受理",
        "海关受理中",
        "审批通过",
        "审批不通过",
    ], "in the order of the status table"
    (refused,) = [line for line in log.lines if line.status == "审批不通过"]
    assert refused.opinion
    assert refused.tone == "bad"


def test_what_the_gateway_answers_itself_is_in_the_log_and_balances(evening):
    evening.drop(evening.sample("51-applications-of-oneself.xml"))
    evening.run()
    log = log_of(evening)
    assert log.balanced
    assert [line.tone for line in log.lines if line.status == "已答复"] == ["good"]


def test_a_ledger_that_does_not_balance_is_told_on_the_page(evening):
    evening.sql("delete from messages where digest = (select message from files where outcome = 'ACCEPTED' limit 1)")
    assert not log_of(evening).balanced
    evening.clock.advance(days=1)
    with evening.at_work() as shift:
        assert shift.run("receipt_log").counts["unbalanced"] > 0
    pages = sorted((evening.home / "reports").glob("*-demo.html"))
    assert "✗ 核对不符" in pages[0].read_text("utf-8")


def test_what_a_sender_writes_is_only_text(evening):
    evening.sql("update applications set applicant_name = ?, client_seq_no = '-1+cmd'", HOSTILE)
    evening.clock.advance(days=1)
    with evening.at_work() as shift:
        shift.run("receipt_log")
    (page,) = (evening.home / "reports").glob("*-demo.html")
    tree = html.fromstring(page.read_text("utf-8").encode("utf-8"))
    assert tree.xpath("//script") == []
    assert HOSTILE in tree.text_content()
    data = page.with_suffix(".csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf"), "Excel reads UTF-8 by this mark"
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert set(rows[0]) == set(COLUMNS.values())
    assert {row["申请企业"] for row in rows} == {f"'{HOSTILE}"}
    assert {row["企业流水号"] for row in rows} == {"'-1+cmd"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("示例有限公司", "示例有限公司"),
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        ("\t=1", "'\t=1"),
        ("-1", "-1"),
        ("202600000000000001", "\t202600000000000001"),
        ("120", "120"),
    ],
)
def test_cells_are_shown_as_they_are(value, shown):
    assert harmless(value) == shown


def test_a_report_that_was_removed_is_written_again(evening):
    evening.clock.advance(days=1)
    with evening.at_work() as shift:
        assert shift.run("receipt_log").counts["logs"] > 0
        assert shift.run("receipt_log").idle
        next((evening.home / "reports").glob("*-demo.csv")).unlink()
        assert shift.run("receipt_log").counts["logs"] == 1


def test_the_name_of_a_channel_never_leads_out_of_the_folder(evening):
    evening.configure("[channels.demo]", '[channels."../demo"]')
    evening.clock.advance(days=1)
    with evening.office() as office:
        write_receipt_logs(office)
    assert {file.parent.name for file in evening.home.rglob("receipts-*")} == {"reports"}
