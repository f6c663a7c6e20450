"""Promise 1: a file that was fully written is processed exactly once, whatever dies and when."""

from tests.crash.kill import torture


def test_two_hundred_filings_survive_kills_at_random_moments(home):
    report = torture(home, count=200, kills=20, seed=20261122)
    assert report.faults == [], str(report)
    assert report.kills >= 10, "the program must really have been killed"


def test_messages_of_many_filings_survive_kills_at_random_moments(home):
    report = torture(home, count=200, kills=9, seed=20261122, per_message=20)
    assert report.faults == [], str(report)
    assert report.kills >= 5, "the program must really have been killed"
