"""The prompt of any moment of a history."""

from dataclasses import replace

import pytest
from sample_histories import write_history
from typer.testing import CliRunner

from agent.core.errors import UsageError
from agent.core.run import Milestone
from agent.store.workspace import Workspace
from agent.study.__main__ import app
from agent.study.prompts import before, prompt_at


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    root = tmp_path_factory.mktemp("home")
    write_history(root, 30)
    return Workspace(root)


def made(home):
    return [run for run in home.history().runs if run.proposal.parents]


def test_the_prompt_of_now_is_about_the_best_variant(home):
    assert f"# The parent: {home.history().best.name}\n" in prompt_at(home, 12_000).question


def test_the_prompt_of_a_run_knows_its_parent_and_nothing_of_what_came_later(home):
    run, later = made(home)[5], made(home)[6:]
    question = prompt_at(home, 12_000, run).question
    assert f"# The parent: {run.proposal.parents[0]}\n" in question
    assert not [other.name for other in (run, *later) if f"{other.name} " in question]


def test_what_was_in_training_then_had_no_score_yet(home):
    run = made(home)[5]
    earlier = [other for other in home.history().runs if other.id < run.id]
    middle = earlier[-1].reached("proposed") + 1
    asked = before(home.history(), replace(run, milestones=(Milestone("proposed", middle),)))
    assert asked.runs[-1].stage == "evaluating"
    assert asked.runs[-1].card is None
    assert [other.card is None for other in asked.runs[:-1]] == [other.card is None for other in earlier[:-1]]


def test_the_verb_prints_both_parts_and_the_tokens(home):
    run = made(home)[3]
    said = CliRunner().invoke(app, ["prompts", "--workspace", str(home.root), "--run", run.id, "--tokens", "9000"])
    assert said.exit_code == 0, said.output
    assert said.output.startswith("##### system\n")
    assert "\n##### user\n" in said.output
    assert " of 9000 tokens, " in said.output


def test_without_a_score_there_is_nothing_to_ask(tmp_path):
    with pytest.raises(UsageError, match="no variant is scored yet"):
        prompt_at(Workspace(tmp_path), 12_000)
