"""Controls hold nothing of what lies further back; their shipped scores stand beside everything."""

from dataclasses import replace

import pytest
from made_up_measurements import made_up_measurements

from agent.analyst.note import analyse
from agent.cli.scoreboard import controls_beside
from agent.core.baselines import TEMPLATE, control_paths
from agent.core.resources import TEMPLATE_FILE
from agent.core.run import Proposal, Run
from agent.core.score import ScoreCard, Speed
from agent.core.text import Text
from agent.evaluator.protocols import QUICK
from agent.proposer.controls import controls, controls_lines
from agent.proposer.measured import measured_variants
from agent.report.sentences import judged_on
from agent.science.history import History
from agent.science.noise import read_noise
from agent.study.rows import Table


@pytest.fixture
def history():
    """The template under quick, beside made-up measurements in which a control has lost all but Memorize."""
    with made_up_measurements() as folder:
        table = Table(folder / "quick.csv")
        template = [row for row in table.rows() if row.variant == TEMPLATE]
        table.add([_of_a_control(row) for row in template])
        noise = read_noise(QUICK.fingerprint)
        found = measured_variants(QUICK, noise)[TEMPLATE]
        card = ScoreCard(
            "quick", QUICK.fingerprint, found.tasks, 1, 1, Speed(1, 1), "cpu", {}, 1, 1.0, further=found.further
        )
        source = TEMPLATE_FILE.read_text()
        proposal = Proposal(TEMPLATE, source, "baseline", Text("x"))
        run = Run("1", "analysed", proposal, "quick", QUICK.fingerprint, card=card)
        yield History((run,), noise)


def _of_a_control(row):
    macro = {"Memorize": 0.95, "Compress": row.score.macro}.get(row.task, 0.06)
    score = replace(row.score, macro=macro, micro=macro)
    longer = tuple(replace(test, macro=0.06, micro=0.06) for test in score.longer)
    return replace(row, variant="control_value_only", score=replace(score, longer=longer))


def test_a_control_is_judged_against_the_workspaces_template(history):
    (found,) = controls(history)
    assert found.name in control_paths()
    assert found.judgement.verdict in ("worse", "mixed")
    assert found.judgement.memory.difference < -2
    (said,) = controls_lines(history)
    assert said["en"].startswith("Controls, mixers without any memory, under this protocol: control_value_only 0.29")
    assert "learns faster, memory lost" in said["en"]
    assert "control_value_only" in said["zh"]


def test_the_table_has_its_row_marked_as_a_control(history):
    (entry,) = controls_beside(history)
    assert (entry.stage, entry.scores["Memorize"]) == ("control", pytest.approx(0.95))
    assert entry.outcome.startswith("a control: learns faster, memory lost")


def test_nothing_is_said_of_controls_that_were_not_measured(history):
    other = replace(history.runs[0], card=replace(history.runs[0].card, fingerprint="0" * 12))
    assert controls(History((other,), {})) == ()
    assert controls(History((), {})) == ()
    assert controls_lines(History((), {})) == []


def test_what_verdicts_are_told_by_is_said_for_each_objective():
    assert len({judged_on(each)["en"] for each in ("balanced", "memory", "average")}) == 3


def test_the_note_of_a_known_system_has_their_line(history):
    said = analyse(history, history.runs[0], controls_lines(history))["outcome"]["en"]
    assert "Controls, mixers without any memory, under this protocol: control_value_only" in said
