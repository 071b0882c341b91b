"""`confirm` on a workspace that an earlier search left: real trainings of the smallest protocol there is."""

import pytest
from sample_cards import sample_proposal
from small_evaluations import ONE_TASK
from small_search import TEMPLATE_SOURCE, Script, small_search
from typer.testing import CliRunner

from agent.cli.main import app
from agent.core.errors import UsageError
from agent.core.text import ENGLISH
from agent.evaluator.protocols import FRESH_SEED, PROTOCOLS
from agent.science.confirmation import confirmed, standing_of, times_before
from agent.store.workspace import Workspace

NAME = "delta_net_4layer_doubled"


@pytest.mark.slow
def test_confirm_trains_a_named_run_and_the_template_on_fresh_seeds_and_says_what_may_be_claimed(tmp_path, monkeypatch):
    monkeypatch.setitem(PROTOCOLS, ONE_TASK.name, ONE_TASK)
    doubled = sample_proposal(NAME, TEMPLATE_SOURCE.replace("return o, S", "return 2 * o, S"))
    small_search(tmp_path, runs=1, proposer=Script(doubled)).run()
    rows = Workspace(tmp_path).rows()
    assert not Workspace(tmp_path).history().confirmations

    asked = ["confirm", NAME, "--times", "2", "--workspace", str(tmp_path)]
    told = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert told.exit_code == 0, told.output
    history = Workspace(tmp_path).history()
    assert set(history.confirmations) == {run.id for run in history.scored}
    for confirmation in history.confirmations.values():
        seeds = [score.seed for score in confirmation.card.tasks["Memorize"].seeds]
        assert seeds == [FRESH_SEED, FRESH_SEED + 1]
    doubled = history.find(NAME)
    assert confirmed(history, doubled) is not None
    assert told.stdout.splitlines()[-1] == f"{NAME}: {standing_of(history, doubled)[ENGLISH]}"
    assert "best of" not in told.stdout.splitlines()[-1]  # which is said of what has no score on fresh seeds
    assert Workspace(tmp_path).rows() == rows  # the table is as it was

    # Scores on other seeds than the template's could be compared with nothing.
    assert times_before(history) == 2
    with pytest.raises(UsageError, match="confirmed on 2 times the seeds"):
        CliRunner().invoke(app, [*asked[:3], "3", *asked[4:]], catch_exceptions=False)


def test_confirm_without_a_score_of_the_template_says_what_is_missing(tmp_path):
    with pytest.raises(UsageError, match="the template has no score here"):
        CliRunner().invoke(app, ["confirm", "--workspace", str(tmp_path)], catch_exceptions=False)
