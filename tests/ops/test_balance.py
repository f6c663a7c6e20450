"""After every run the files must balance; a difference is an alarm, once, and ends when it is mended."""

import pytest

from edi.errors import Broken


def test_a_difference_after_a_run_is_an_alarm(night):
    night.drop(night.sample("02-TRADER.xml"))
    night.edi("run", "--once")
    assert night.events("alarm_balance") == []
    night.sql("update files set outcome = 'REFUSED'")
    for _ in range(2):
        with pytest.raises(Broken, match="文件收支不符"):
            night.edi("run", "--once")
    assert night.events("alarm_balance") == ["balance:files"]
    assert "文件收支不符" in night.edi("status", "--held")
    night.sql("update files set outcome = 'ACCEPTED'")
    night.edi("run", "--once")
    assert night.events("healed") == ["balance:files"]
