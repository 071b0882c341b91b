"""The table, the records and a note's rank go by the objective of the search; the average is shown beside it."""

from dataclasses import replace

import pytest
from axis_cards import AT_LENGTH, TEMPLATE_SCORES, VALUE_SKIP, axis_card, axis_history

from agent.analyst.facts import gather
from agent.core.baselines import TEMPLATE
from agent.core.run import Milestone
from agent.report.progress import progress
from agent.report.standing import standings

BETTER = (0.55, *TEMPLATE_SCORES[1:])
ORDERS = {"balanced": ["better", TEMPLATE, "forgetful"], "average": ["forgetful", "better", TEMPLATE]}


def searched(objective):
    """A variant that is better a little, and one that loses its memory and has the best average by far."""
    forgetful = axis_card(VALUE_SKIP, AT_LENGTH, shift=0.01)
    known = axis_history(objective, better=axis_card(BETTER, AT_LENGTH, shift=0.01), forgetful=forgetful)
    ended = (
        replace(run, milestones=(Milestone("evaluated", 60.0 * number),)) for number, run in enumerate(known.runs, 1)
    )
    return replace(known, runs=tuple(ended))


@pytest.mark.parametrize("objective", ORDERS)
def test_table_records_and_rank_go_by_the_objective(objective):
    known = searched(objective)
    averages = {run.name: run.card.average for run in known.runs}
    assert max(averages, key=averages.get) == "forgetful"
    order = ORDERS[objective]
    board = standings(known)
    assert [each.run.name for each in sorted(board.values(), key=lambda each: each.order)] == order
    assert [run.name for run in known.ranked] == order
    records = [attempt.standing.run.name for attempt in progress(known, board).records]
    assert records == [TEMPLATE, "better", *(["forgetful"] if objective == "average" else [])]
    assert [gather(known, known.find(name)).rank for name in order] == [1, 2, 3]


def test_what_exceeds_the_budget_stands_behind_and_is_no_record():
    known = searched("average")
    large = replace(known.runs[2], card=replace(known.runs[2].card, parameters=2000))
    known = replace(known, runs=(*known.runs[:2], large))
    board = standings(known)
    assert [each.run.name for each in sorted(board.values(), key=lambda each: each.order)][-1] == "forgetful"
    assert [each.standing.run.name for each in progress(known, board).records] == [TEMPLATE, "better"]
    assert gather(known, large).rank == 3
