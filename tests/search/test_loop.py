"""The loop with real workers and the smallest protocol: what goes wrong, who else is at work, and when it ends."""

import json
import shutil
from dataclasses import replace

import pytest
from scored_by_source import untrained
from small_evaluations import ONE_TASK, write_variant
from small_search import TEMPLATE_SOURCE, Script, small_search

from agent.core.baselines import TEMPLATE
from agent.core.errors import ENDED, FAILED, INTERRUPTED, TOO_MANY_FAILURES
from agent.core.resources import MOVES
from agent.core.run import Proposal
from agent.core.text import Text
from agent.llm import Interrupted
from agent.proposer.catalogue import Catalogue
from agent.proposer.known import TemplateFailed
from agent.proposer.moves import load_moves
from agent.search.closing import conclude
from agent.search.loop import NOTHING_LEFT
from agent.store.files import WorkspaceError
from agent.store.lineage import Lineage
from agent.store.workspace import Workspace

ALL = load_moves(MOVES)


def scripted(name, source):
    return Proposal(f"{TEMPLATE}_{name}", source, "a script", Text(name, name), parents=(TEMPLATE,))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A workspace in which the template failed once, by its time limit, and was then scored."""
    root = tmp_path_factory.mktemp("measured")
    search = small_search(root)
    search.protocol = replace(ONE_TASK, time_limit_hours=1e-9)
    with pytest.raises(TemplateFailed) as caught:
        search.run()
    small_search(root, proposer=Script()).run()
    return root, caught.value


@pytest.fixture
def root(measured, tmp_path):
    """Such a workspace of a test's own."""
    return shutil.copytree(measured[0], tmp_path / "workspace")


def test_a_template_without_a_score_ends_the_search_and_is_tried_again_by_the_next(measured):
    root, error = measured
    failed, scored = Workspace(root).history().runs
    assert error.exit_code == FAILED
    assert f"the template itself could not be scored (timeout: {failed.failure.reason}), and every" in str(error)
    assert f"see runs/{failed.id}" in str(error)
    assert [(run.name, run.stage, run.scored) for run in (failed, scored)] == [
        (TEMPLATE, "analysed", False), (TEMPLATE, "analysed", True)
    ]  # fmt: skip
    assert "下一步：寻找更省的形式" in (root / "runs" / failed.id / "insights.md").read_text()
    assert list(Workspace(root).rows()) == [TEMPLATE]


def test_what_fails_has_a_reason_a_note_and_no_row_and_too_much_of_it_ends_the_search(root, tmp_path):
    crash = write_variant(tmp_path, in_op="if len(v) > 1: raise KeyError('gate')").read_text()
    search = small_search(
        root,
        proposer=Script(
            scripted("os", TEMPLATE_SOURCE.replace("import torch\n", "import os\nimport torch\n", 1)),
            scripted("twin", TEMPLATE_SOURCE.replace("    S = S + k_i", "    S = k_i")
                     .replace("transpose(-1, -2) @ error", "transpose(-1, -2) @ error + S")),
            scripted("crash", crash),
        ),
    )  # fmt: skip
    stop = search.run()
    assert (stop.exit_code, stop.reason["en"]) == (TOO_MANY_FAILURES, "3 runs in a row failed")
    runs = Workspace(root).history().runs[2:]
    assert [(run.stage, run.failure.kind) for run in runs] == [
        ("analysed", "refused"), ("analysed", "duplicate"), ("analysed", "crash")
    ]  # fmt: skip
    assert "line 13: imports os" in str(runs[0].failure.reason)
    assert f"it computes what {TEMPLATE} computes, number for number" in str(runs[1].failure.reason)
    for run in runs:
        assert str(run.failure.reason) in (root / "runs" / run.id / "insights.md").read_text()
    assert list(Workspace(root).rows()) == [TEMPLATE]
    assert len(Lineage(root).log()) == 1


def test_when_nothing_is_left_to_propose_it_ends_and_the_next_one_ends_at_once(root):
    moves = {"value_skip": ALL["value_skip"]}
    search = untrained(root, proposer=Catalogue(TEMPLATE_SOURCE, moves))
    assert search.run() == NOTHING_LEFT
    assert NOTHING_LEFT.exit_code == ENDED
    names = [run.name for run in Workspace(root).history().scored]
    assert names == [TEMPLATE, f"{TEMPLATE}_value_skip"]
    again = small_search(root, proposer=Catalogue(TEMPLATE_SOURCE, moves))
    assert again.run() == NOTHING_LEFT
    assert [run.name for run in Workspace(root).history().scored] == names


def test_a_name_that_somebody_takes_meanwhile_does_not_end_the_search(root):
    other = Workspace(root)

    source = TEMPLATE_SOURCE.replace("return o, S", "return 2 * o, S")

    def too_late():
        """Somebody at another shell proposes under the same name while this proposer thinks."""
        other.create(scripted("doubled", source), ONE_TASK.name, ONE_TASK.fingerprint)
        return scripted("doubled", TEMPLATE_SOURCE.replace("return o, S", "return 4 * o, S"))

    search = untrained(root, runs=1, proposer=Script(too_late, scripted("tripled", TEMPLATE_SOURCE.replace(
        "return o, S", "return 3 * o, S"))))  # fmt: skip
    assert search.run().reason["en"] == "its run is done"
    assert [(run.name, run.stage) for run in Workspace(root).history().runs[2:]] == [
        (f"{TEMPLATE}_doubled", "proposed"), (f"{TEMPLATE}_tripled", "analysed")
    ]  # fmt: skip


def test_a_run_that_somebody_else_concludes_is_left_to_him(root):
    search = untrained(root, runs=1, proposer=Script(scripted("doubled", TEMPLATE_SOURCE.replace("o, S", "2 * o, S"))))
    other = Workspace(root)

    def show(status):
        """What `evaluate --name` in another shell does, just before the search would."""
        run = other.history().runs[-1]
        if status.phase == "analysing" and run.stage == "evaluated":
            conclude(other, Lineage(root), run)

    search.journal.show = show
    assert search.run() == NOTHING_LEFT
    (run,) = Workspace(root).history().runs[2:]
    assert (run.stage, run.scored) == ("analysed", True)
    assert [milestone.stage for milestone in run.milestones].count("analysed") == 1


def test_what_was_trained_when_the_search_is_stopped_has_its_note(root):
    search = untrained(root, proposer=Script(scripted("doubled", TEMPLATE_SOURCE.replace("o, S", "2 * o, S"))))

    def show(status):
        search.ledger.interrupted = status.phase == "training" or search.ledger.interrupted

    search.journal.show = show
    assert search.run().reason["en"] == "you stopped it"
    run = Workspace(root).history().runs[-1]
    assert (run.name, run.stage, run.scored) == (f"{TEMPLATE}_doubled", "analysed", True)
    assert (root / "runs" / run.id / "insights.md").exists()
    assert json.loads((root / "runs" / "status.json").read_text())["tried"] == 1


def test_a_run_whose_folder_is_removed_under_the_search_ends_it_with_a_word_about_it(root):
    search = small_search(
        root, runs=1, proposer=Script(scripted("doubled", TEMPLATE_SOURCE.replace("o, S", "2 * o, S")))
    )

    def show(status):
        if status.phase == "training":
            shutil.rmtree(root / "runs" / other.history().runs[-1].id, ignore_errors=True)

    other = Workspace(root)
    search.journal.show = show
    with pytest.raises(WorkspaceError, match=r"run\.json: cannot be read \(.*No such file"):
        search.run()
    assert small_search(root, proposer=Script()).run() == NOTHING_LEFT


def test_a_deleted_lineage_is_back_before_anything_else(root):
    shutil.rmtree(root / "runs" / "lineage.git")
    small_search(root, proposer=Script()).run()
    assert [entry.name for entry in Lineage(root).log()] == [TEMPLATE]


def test_the_status_of_a_search_that_goes_on_knows_what_was_before(root):
    small_search(root, proposer=Script()).run()
    status = json.loads((root / "runs" / "status.json").read_text())
    assert status["best"].startswith(f"· {TEMPLATE}: 0.")
    assert [line.split(":")[0] for line in status["latest"]] == [f"✗ {TEMPLATE}", f"· {TEMPLATE}"]


def test_what_a_proposer_raises_is_one_failed_run_with_its_traceback(root):
    def odd():
        raise KeyError("choices")

    stop = small_search(root, runs=1, proposer=Script(odd)).run()
    assert stop.exit_code == ENDED
    run = Workspace(root).history().runs[-1]
    assert (run.stage, run.failure.kind) == ("analysed", "unusable reply")
    assert str(run.failure.reason) == "the proposer raised KeyError: 'choices'"
    log = (root / "runs" / run.id / "log.txt").read_text()
    assert "Traceback" in log
    assert "in odd" in log
    assert "提出者抛出异常" in (root / "runs" / run.id / "insights.md").read_text()


def test_a_person_who_stops_while_a_model_is_asked_ends_the_search(root):
    search = small_search(root, proposer=Script(lambda: interrupt()))

    def interrupt():
        search.ledger.interrupted = True
        raise Interrupted("you stopped it")

    before = Workspace(root).history().runs
    assert search.run().exit_code == INTERRUPTED
    assert Workspace(root).history().runs == before
