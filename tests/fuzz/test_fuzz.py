"""The short form of the fuzzer, the same every time; `make fuzz` runs the long one."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .mutations import Step
from .targets import TARGETS, Plan

NUMBER = st.integers(0, 1 << 20)
STEPS = st.builds(Step, NUMBER, NUMBER, NUMBER, NUMBER)


def steps(most):
    return st.lists(STEPS, max_size=most).map(tuple)


PLANS = st.builds(
    Plan, seed=NUMBER, before=steps(2), sign=st.booleans(), after=steps(4), wrap=steps(1), bare=st.booleans()
)


@pytest.mark.parametrize("target", TARGETS)
def test_only_findings_and_clean_verdicts_come_out(target):
    """Structure-aware mutations of every seed: no other exception, and nothing good that was not signed."""
    run = TARGETS[target]

    @settings(
        max_examples=40 if target == "pdf" else 200,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(PLANS)
    def fuzz(plan):
        run(plan)

    fuzz()
