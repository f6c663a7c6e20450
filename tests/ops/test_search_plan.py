"""Searches in a big ledger read what they show and not all that fits."""

import pytest

from edi.adapters.ledger import Ledger
from edi.adapters.ledger_search import search
from edi.core.enquiry import Filter


@pytest.mark.parametrize("wanted", [Filter(status="APPROVED"), Filter(uscc="91110105XX489884X9")])
def test_the_newest_are_found_without_sorting(tmp_path, wanted):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    plans = []

    def explain(sql, values):
        plans.extend(row["detail"] for row in ledger.rows(f"explain query plan {sql}", values))
        return []

    search(explain, wanted, forms=(), limit=100)
    ledger.close()
    assert len(plans) == 1
    assert "USING INDEX" in plans[0]
