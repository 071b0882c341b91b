"""A run's fields and what may be changed of them are the same fields, with the same types."""

from dataclasses import MISSING, fields
from typing import get_type_hints

from agent.core.run import Run, RunChanges, RunFacts


def test_every_field_that_is_filled_in_later_can_be_given_and_no_other():
    later = {field.name for field in fields(Run) if (field.default, field.default_factory) != (MISSING, MISSING)}
    assert get_type_hints(RunFacts).keys() == later - {"milestones"}  # which the workspace keeps
    types = get_type_hints(Run)
    assert all(types[name] == kind for name, kind in get_type_hints(RunChanges).items())
