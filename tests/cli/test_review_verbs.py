"""`propose`, `review` and `search --review` where there is no terminal: nothing waits, and all can be done."""

import json
import os
import subprocess
import sys

import pytest
from proposed_runs import DECAY, VALUE_SKIP, propose, scored_template, wait_for_review

from agent.analyst.note import render_note
from agent.cli import review as reviewing
from agent.core.errors import USAGE, DeltaSearchError, UsageError
from agent.core.invocation import command
from agent.core.run import PERSON, Review
from agent.core.text import Text
from agent.evaluator.failure import EvaluationFailed
from agent.proposer import NothingToPropose
from agent.report.morning import latest_search
from agent.search.budget import Budget, Ledger
from agent.search.journal import Journal
from agent.store.status import read_status

pytestmark = pytest.mark.slow  # every test here starts the whole program


@pytest.fixture
def home(tmp_path):
    return scored_template(tmp_path / "home")


@pytest.fixture
def run(home, tmp_path):
    """Run a verb without a terminal, and without torch: its exit code, its output, and the last line of its errors."""
    (tmp_path / "poison").mkdir()
    (tmp_path / "poison" / "torch.py").write_text("raise SystemExit('torch was imported')")

    def run(verb, *arguments):
        done = subprocess.run(
            [sys.executable, "-m", "agent", verb, *map(str, arguments), "--workspace", home.root],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            env=os.environ | {"COLUMNS": "100", "PYTHONPATH": str(tmp_path / "poison")},
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, (done.stderr.splitlines() or [""])[-1].removeprefix("deltasearch: ")

    return run


def test_nobody_is_asked_without_a_terminal(run, home):
    wait_for_review(home, "value_skip")
    code, output, error = run("review")
    assert (code, output) == (USAGE, "")
    assert error.startswith("there is no terminal here to ask at: decide by --approve, --reject REASON or --edit FILE")
    code, output, error = run("search", "--review")
    assert (code, output) == (USAGE, "")
    assert f"search without --review, or propose now ({command('propose', home.root)}) and decide by" in error
    assert home.find(VALUE_SKIP).stage == "proposed"


def test_a_script_approves_with_a_remark(run, home):
    wait_for_review(home, "value_skip", "data_dependent_decay")
    code, output, _ = run("review", DECAY, "--approve", "--remark", "looks right", "--no-train")
    assert (code, output) == (0, f"approved {DECAY}\n")
    assert home.find(DECAY).review == Review("approved", PERSON, "looks right")
    assert run("review", "--approve", "--no-train")[:2] == (0, f"approved {VALUE_SKIP}\n")
    assert run("review", DECAY, "--approve")[2].endswith("is approved and does not wait for a decision")


def test_a_script_rejects_with_a_reason_and_may_take_an_approval_back(run, home):
    wait_for_review(home, "value_skip", "data_dependent_decay")
    assert run("review", VALUE_SKIP, "--reject", "too slow")[:2] == (0, f"rejected {VALUE_SKIP}\n")
    assert home.find(VALUE_SKIP).review == Review("rejected", PERSON, "too slow")
    run("review", DECAY, "--approve", "--no-train")
    assert run("review", DECAY, "--reject", "changed my mind")[0] == 0
    assert [found.name for found in home.history().rejected] == [VALUE_SKIP, DECAY]
    note = render_note(home.history(), home.find(VALUE_SKIP))
    assert "a person / rejected: too slow" in note


def test_a_script_rejects_a_move_everywhere(run, home):
    wait_for_review(home, "value_skip", "data_dependent_decay")
    assert run("review", VALUE_SKIP, "--reject", "no", "--everywhere")[:2] == (0, f"rejected {VALUE_SKIP}\n")
    assert home.find(VALUE_SKIP).review == Review("rejected", PERSON, "no", everywhere=True)
    assert "a person / rejected everywhere: no" in render_note(home.history(), home.find(VALUE_SKIP))
    assert run("review", DECAY, "--approve", "--everywhere")[2] == "--everywhere goes with --reject"


@pytest.mark.slow
def test_what_cannot_be_done_is_refused(run, home):
    assert f"nothing waits for a decision: {command('propose')}" in run("review", "--approve")[2]
    wait_for_review(home, "value_skip", "data_dependent_decay")
    before = home.history()
    for arguments, refusal in (
        (["--approve"], "say which: "),
        ([VALUE_SKIP, "--reject", "  "], "a rejection needs a reason"),
        ([VALUE_SKIP, "--approve", "--reject", "x"], "--reject goes with neither --approve nor --edit"),
        ([VALUE_SKIP, "--reject", "x", "--edit", "y"], "--reject goes with neither"),
        ([VALUE_SKIP, "--remark", "x"], "--remark goes with --approve"),
        ([VALUE_SKIP, "--approve", "--show"], "--show and --json only look"),
        ([VALUE_SKIP, "--show", "--lang", "fr"], "--lang fr: en or zh"),
        ([VALUE_SKIP, "--edit", "nowhere.py"], "--edit nowhere.py: cannot be read"),
        (["nothing", "--approve"], "no run 'nothing'"),
    ):
        code, output, error = run("review", *arguments)
        assert (code, output) == (USAGE, "")
        assert refusal in error
    assert home.history() == before


def test_cards_can_be_looked_at(run, home):
    assert run("review", "--show")[1].startswith("nothing waits for a decision")
    wait_for_review(home, "value_skip", "data_dependent_decay")
    code, output, _ = run("review", "--show")
    assert code == 0
    for text in (VALUE_SKIP, DECAY, "Why this change", "skipped = skip.unsqueeze(2) * v"):
        assert text in output
    assert max(map(len, output.splitlines())) <= 100
    assert "改动理由" in run("review", VALUE_SKIP, "--show", "--lang", "zh")[1]
    (facts,) = json.loads(run("review", DECAY, "--json")[1])
    assert (facts["stage"], facts["proposal"]["moves"]) == ("proposed", ["data_dependent_decay"])


def test_files_and_names_that_will_not_do_are_refused_at_once(run, tmp_path):
    (tmp_path / "evil.py").write_text("import os\n")
    (tmp_path / "mine.py").write_text(MINE.format(ending=""))
    assert "line 1: imports os" in run("propose", "--file", tmp_path / "evil.py")[2]
    assert "'No' is no variant name" in run("propose", "--file", tmp_path / "mine.py", "--name", "No")[2]
    assert "--name names the variant of a --file" in run("propose", "--name", "x")[2]
    assert "has no score; there are delta_net_4layer" in run("propose", "--parent", "nobody")[2]


# What needs torch is called in this process, which has it by now.


MINE = """
import torch
import torch.nn.functional as F


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    return beta.unsqueeze(-1) * v{ending}, v.new_zeros(len(v), 1)
"""


@pytest.mark.slow
def test_an_idea_names_moves_or_is_refused_with_those_there_are(home, capsys):
    with pytest.raises(
        UsageError, match=r"the catalogue has no move 'make'; name one or several of adam_style_.*value_skip"
    ):
        reviewing.propose(idea="make it faster", allow_unsandboxed=True, workspace=home.root)
    reviewing.propose(idea="value_skip", allow_unsandboxed=True, workspace=home.root)
    (found,) = home.history().runs[1:]
    said = f"{found.id} {VALUE_SKIP} waits for your decision: {command(f'review {found.id}', home.root)}\n"
    assert capsys.readouterr().out == said
    assert (found.stage, found.proposal.moves, len(found.signature) > 0) == ("proposed", ("value_skip",), True)
    with pytest.raises(reviewing.NothingProposed, match="'value_skip' was tried or fits no scored variant"):
        reviewing.propose(idea="value_skip", allow_unsandboxed=True, workspace=home.root)


def test_nothing_is_proposed_before_there_is_a_score(tmp_path):
    with pytest.raises(UsageError, match=r"nothing is scored here yet.*python -m agent search --runs 1"):
        reviewing.propose(protocol="smoke", allow_unsandboxed=True, workspace=tmp_path)


def test_a_file_of_ones_own_waits_with_its_reason_or_is_refused_and_leaves_nothing(home, tmp_path, capsys):
    mine = tmp_path / "Mine too.py"
    mine.write_text(MINE.format(ending=""))
    kept = {"allow_unsandboxed": True, "workspace": home.root}
    reviewing.propose(file=mine, idea="no memory at all", as_json=True, **kept)
    (found,) = json.loads(capsys.readouterr().out)
    proposal = found["proposal"]
    assert (found["stage"], proposal["author"]) == ("proposed", PERSON)
    assert (proposal["name"], proposal["parents"]) == ("delta_net_4layer_mine_too", ["delta_net_4layer"])
    assert proposal["argument"]["reasoning"]["en"] == "no memory at all"

    mine.write_text(MINE.format(ending=".flip(2)"))
    with pytest.raises(EvaluationFailed, match=r"refused: .*causality"):
        reviewing.propose(file=mine, name="backwards", **kept)
    mine.write_text(MINE.format(ending=" * 1"))
    with pytest.raises(EvaluationFailed, match="duplicate: it computes what delta_net_4layer_mine_too computes"):
        reviewing.propose(file=mine, name="again", **kept)
    assert len(home.history().runs) == 2


def test_a_script_edits_and_the_proposal_stays_where_it_is_refused(home, tmp_path, capsys):
    (run,) = wait_for_review(home, "value_skip")
    theirs = tmp_path / "theirs.py"
    kept = {"train": False, "allow_unsandboxed": True, "workspace": home.root}
    for text, refusal in (
        (run.proposal.source + "# a comment\n", "the change leaves the code as it was"),
        ("import torch\n", "holds neither a whole file"),
        (run.proposal.source.replace("o + skipped", "o.flip(2) + skipped"), "causality"),
    ):
        theirs.write_text(text)
        with pytest.raises(DeltaSearchError, match=refusal):
            reviewing.review(VALUE_SKIP, edit=theirs, **kept)
    assert home.find(run.id) == run

    theirs.write_text("<<<<<<< SEARCH\n    o = o + skipped\n=======\n    o = o - skipped\n>>>>>>> REPLACE\n")
    reviewing.review(VALUE_SKIP, edit=theirs, approve=True, remark="the other sign", **kept)
    assert capsys.readouterr().out == f"edited {VALUE_SKIP}: it passed the checks\napproved {VALUE_SKIP}\n"
    found = home.find(run.id)
    assert (found.stage, found.proposal.author, found.proposal.editor) == ("approved", "catalogue", PERSON)
    assert (found.proposal.unedited, found.review.reason) == (run.proposal.source, "the other sign")


@pytest.mark.parametrize("earlier", ["a search that ended", "a search that was killed", "none"])
def test_what_a_review_trains_is_no_search_of_its_own(home, earlier):
    (run,) = wait_for_review(home, "value_skip")
    if earlier != "none":
        night = Journal(home, Ledger(Budget(hours=8)), lambda status: None, lambda line: None)
        night.begin(home.history(), ())
        if earlier == "a search that ended":
            night.stopped(Text("its 8 hours are over", "预定的 8 小时已到"))
    before = latest_search(home)
    kept = {"workspace": home.root, "allow_unsandboxed": True}
    with pytest.raises(SystemExit, match="0"):
        reviewing.review(VALUE_SKIP, approve=True, **kept)
    assert home.find(run.id).stage == "analysed"
    found = latest_search(home)
    assert read_status(home).phase == ""
    if earlier == "none":
        assert found.stop["en"] == "what was approved is trained"
    else:
        assert (found.started, found.stop) == (before.started, before.stop)


def test_the_catalogue_does_not_propose_again_what_was_rejected_or_made_into_something_else(home):
    rejected, edited = wait_for_review(home, "value_skip", "data_dependent_decay")
    home.advance(rejected, "rejected", review=Review("rejected", PERSON, "no"))
    ours = edited.proposal
    changed = type(ours)(**vars(ours) | {"source": ours.source + "\n", "unedited": ours.source, "moves": ()})
    home.amend(edited, proposal=changed)
    for idea in ("value_skip", "data_dependent_decay"):
        with pytest.raises(NothingToPropose):
            propose(home, idea)
    assert propose(home, "value_skip, data_dependent_decay").moves == ("data_dependent_decay", "value_skip")
    assert propose(home).moves not in (("value_skip",), ("data_dependent_decay",))


def test_what_goes_wrong_at_an_endpoint_is_told_on_standard_error(capsys):
    screen = reviewing.troubles_alone()
    screen.line("· 503: busy; again in 1 s")
    screen.show(None)
    assert capsys.readouterr() == ("", "· 503: busy; again in 1 s\n")
