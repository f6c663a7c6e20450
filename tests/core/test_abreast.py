"""Pieces of work done abreast give what each gives alone, and one that fails does not keep the others from it."""

from __future__ import annotations

from edi.core.abreast import Steps, abreast, alone


def counting(name: str, steps: int, log: list[str], failing_at: int | None = None) -> Steps[str]:
    for step in range(steps):
        if step == failing_at:
            raise ValueError(name)
        log.append(f"{name}{step}")
        yield
    return name * steps


def test_the_first_step_of_all_comes_before_the_second_of_any():
    log: list[str] = []
    results = abreast([counting("a", 2, log), counting("b", 3, log), counting("c", 0, log)], str)
    assert results == ["aa", "bbb", ""]
    assert log == ["a0", "b0", "a1", "b1", "b2"]


def test_work_that_fails_is_told_in_its_place_and_the_others_go_on():
    log: list[str] = []
    works = [counting("a", 2, log), counting("b", 2, log, failing_at=1), counting("c", 2, log)]
    assert abreast(works, lambda error: f"failed: {error}") == ["aa", "failed: b", "cc"]


def test_alone_it_gives_the_same():
    assert alone(counting("a", 3, [])) == "aaa"
