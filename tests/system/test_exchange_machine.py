"""Whatever two enterprises do, in whatever order: ledger, register and model agree after every single operation."""

from tests.system.exchange.site import make_template
from tests.system.exchange_machine import play


def test_ledger_register_and_model_agree_after_every_one_of_three_hundred_operations(tmp_path):
    tally = play(make_template(tmp_path / "home"), operations=300, number=20261122)
    assert tally.operations >= 300
    ends = {word for _, outcome in tally.outcomes for word in outcome.split()}
    assert ends >= {
        "ACCEPTED",
        "REFUSED",
        "CONFLICT",
        "DUPLICATE",
        "LODGE_FAILED",
        "UNDER_REVIEW",
        "APPROVED",
        "ISSUED",
    }
