"""The workspace on a clock of its own that the tests of the jobs have."""

from tests.jobs.conftest import night, template_by_clock

__all__ = ["night", "template_by_clock"]
