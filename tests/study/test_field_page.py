"""docs/field.md says of every published mixer what the program counts of it."""

from house import ROOT

from agent.core.baselines import published_paths
from agent.evaluator.protocols import QUICK
from agent.study.field_page import Entry, with_table

PAGE = (ROOT / "docs" / "field.md").read_text(encoding="utf-8")


def test_the_page_is_as_the_program_counts():
    assert with_table(PAGE) == PAGE, "write it again: python -m agent.study field"
    assert all(f"(`{name}`)" in PAGE for name in published_paths())


def test_an_entry_has_what_the_docstring_says_and_what_is_counted():
    kda = Entry.of("kda", QUICK)
    assert kda.paper == "[2510.26692](https://arxiv.org/abs/2510.26692)"
    assert kda.leaves_out == "the low rank of the gate's projection, and the output gate behind the norm"
    assert kda.state_bytes == 4 * QUICK.heads * (QUICK.width // QUICK.heads) ** 2
    assert kda.parameters > Entry.of("delta_net_negative_eigenvalues", QUICK).parameters
