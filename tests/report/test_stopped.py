"""A variant that was stopped after a leg: faint in the figure of progress, with its reason on the pages, in no row."""

from dataclasses import replace

import pytest
from axis_cards import AT_LENGTH, TEMPLATE_SCORES, axis_card, axis_history
from sample_cards import FINGERPRINT, sample_proposal

from agent.analyst.note import analyse, render_note
from agent.cli.scoreboard import scoreboard
from agent.core.languages import LANGUAGES
from agent.core.legs import restricted
from agent.core.reason import Reason
from agent.core.run import Milestone, Run
from agent.core.score import TaskScore
from agent.proposer.standings import Standings
from agent.report.figure_of_progress import draw_progress
from agent.report.progress import progress
from agent.report.sentences import failures
from agent.report.standing import standings
from agent.science.summary import summary_of
from agent.search.budget import Budget, Ledger
from agent.store.status import describe_run

LOWER = (0.45, 0.60, 0.30, 0.20, 0.60, 0.50, 0.40)
WHY = Reason("stopped.log_odds", {"best": "good", "gain": -1.25, "legs": 1, "chance": 0.012, "least": 0.1})


def first_seeds(card):
    def part(scores):
        return {task: TaskScore(task, score.seeds[:1]) for task, score in scores.items()}

    return replace(card, tasks=part(card.tasks), further=part(card.further))


@pytest.fixture
def known():
    """The template, a variant with a row, and one that was stopped."""
    history = axis_history(good=axis_card([min(0.99, score + 0.03) for score in TEMPLATE_SCORES], AT_LENGTH))
    ended = [replace(run, milestones=(Milestone("evaluated", float(at)),)) for at, run in enumerate(history.runs, 1)]
    leg = first_seeds(axis_card(LOWER, (0.3, 0.2, 0.3, 0.3)))
    stopped = Run(
        "9", "analysed", sample_proposal("behind", parents=("delta_net_4layer",)), "quick", FINGERPRINT,
        (Milestone("stopped", 9.0),), attempts=1, legs=(leg,), stopped=WHY,
    )  # fmt: skip
    return replace(history, runs=(*ended, stopped))


def test_it_stands_faint_in_the_figure_as_far_from_the_template_as_in_pairs(known):
    data = progress(known, standings(known))
    attempt = data.attempts[-1]
    template = known.baseline.card
    same = restricted(template, known.runs[-1].legs[0])
    assert attempt.mark == "stopped"
    assert attempt.score == pytest.approx(template.average + known.runs[-1].legs[0].average - same.average)
    drawn = str(draw_progress(data, False, "caption"))
    assert 'class="stopped"' in drawn
    assert 'class="failed"' not in drawn


def test_its_standing_is_neither_a_failure_nor_a_rank(known):
    found = standings(known)["9"]
    assert (found.kind, found.average, found.verdict) == ("stopped", None, None)
    assert found.part == known.part(known.runs[-1], known.baseline)
    assert summary_of(known).stopped == 1
    assert summary_of(known).failed == 0
    told = failures((), 0, 1)
    assert told["en"] == "1 stopped after a leg"
    assert told["zh"] != told["en"]


def test_its_note_says_why_and_how_it_stood_in_every_language(known):
    run = known.runs[-1]
    analysed = replace(run, analysis=analyse(known, run))
    for language in LANGUAGES:
        note = render_note(known, analysed, language)
        assert WHY.text[language] in note
        assert "good" in note
        assert note.count("delta_net_4layer") >= 2
    english = analysed.analysis["outcome"]["en"]
    assert "No row: after leg 1 of its row it stands at -1.25 log-odds against good" in english
    assert "What follows is of its first leg alone, in pairs" in english
    assert "Against delta_net_4layer: " in english
    assert "Next: leave this change" in analysed.analysis["lessons"]["en"]


def test_it_is_told_in_status_table_and_prompt(known):
    run = known.runs[-1]
    assert describe_run(known, run) == f"· behind: stopped: {WHY}"
    entry = scoreboard(known)[-1]
    assert (entry.name, entry.scores, entry.failure) == ("behind", {}, "")
    assert entry.outcome == f"stopped: {WHY}"
    said = Standings(known).tried(run)
    assert "stopped, not worth a whole row: after 1 of its legs -0." in said
    assert "against the template on the same seeds; beyond the noise: " in said
    assert "3 runs: 2 scored, 1 stopped after a leg, 0 failed" in next(iter(Standings(known).digest()))
    assert run in known.tried_from("delta_net_4layer")


def test_to_be_stopped_is_no_failure_of_the_search(known):
    ledger = Ledger(Budget(failures=2))
    for _ in range(3):
        ledger.enter(known.runs[-1])
    assert (ledger.failures_in_a_row, ledger.tried) == (0, 3)
