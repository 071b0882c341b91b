"""Imports point downwards: read from the source, so that one inside a function counts as well."""

import subprocess
import sys
from itertools import chain

import pytest
from house import FLOORS, ROOT, House

HOUSE = House.of(ROOT)


def test_the_walk_finds_what_is_there():
    assert len(HOUSE.sources) > 20
    assert "agent.evaluator.protocols" in HOUSE.imports["agent.cli.evaluate"]
    assert "agent.evaluator.evaluation" in HOUSE.imports["agent.cli.evaluate"]  # inside a function
    assert {"torch", "agent.core.score"} <= HOUSE.reached("agent.cli.main")


def test_every_room_has_a_floor():
    assert HOUSE.rooms() == set(chain.from_iterable(FLOORS))


def test_a_room_imports_only_lower_ones():
    assert HOUSE.upward() == []


def test_an_import_that_points_upwards_is_found(tmp_path):
    for module, line in (("core/score", "from agent.store import table"), ("store/table", "")):
        path = tmp_path / "agent" / f"{module}.py"
        path.parent.mkdir(parents=True)
        path.write_text(line)
    assert House.of(tmp_path).upward() == ["core imports store"]


@pytest.mark.parametrize("inside", ["agent", "agent.evaluator"])
def test_no_import_is_circular(inside):
    assert HOUSE.floors(inside)  # graphlib raises CycleError for a circle of rooms


def test_no_import_of_modules_is_circular():
    from graphlib import TopologicalSorter

    TopologicalSorter(HOUSE.imports).prepare()


FACTS = ("agent.core.score", "agent.core.text_score", "agent.core.errors", "agent.core.temporary")


@pytest.mark.parametrize("name", FACTS)
def test_facts_and_errors_know_nobody_but_each_other(name):
    assert {known for known in HOUSE.imports[name] if known.startswith("agent")} <= {*FACTS}


def test_evaluation_needs_no_language_model_no_git_and_nobody_above_it():
    known = set().union(*(HOUSE.reached(name) for name in HOUSE.sources if name.startswith("agent.evaluator")))
    packages = {name.partition(".")[0] for name in known}
    assert packages.isdisjoint({"openai", "git", "pandas", "typer", "rich", "pydantic", "jinja2"})
    rooms = {HOUSE.room(name) for name in known if name.startswith("agent.")}
    assert rooms <= {"core", "kernels", "evaluator"}


def loaded(modules):
    """The modules that importing some brings with it."""
    script = f"import {modules}, sys; print(*sys.modules)"
    return subprocess.check_output([sys.executable, "-c", script], text=True, cwd=ROOT).split()


def test_the_command_line_starts_without_anything_heavy():
    assert {"torch", "numpy", "scipy", "pandas", "openai", "git"}.isdisjoint(loaded("agent.cli.main"))


def test_what_reads_a_workspace_does_without_torch():
    """It takes seconds to import, and `status` and `table` train nothing."""
    read = loaded("agent.search.screen, agent.cli.scoreboard, agent.store.workspace, agent.science.history")
    assert {"torch", "openai"}.isdisjoint(read)
