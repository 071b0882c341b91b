"""A person's own version: the editor, the checks on its return, and what is kept of it."""

import subprocess
import time

import pytest
from at_a_terminal import CTRL_C, DOWN, ENTER, AtTerminal
from proposed_runs import DECAY, SWISH, VALUE_SKIP, scored_template, wait_for_review

from agent.core.errors import INTERRUPTED
from agent.core.run import PERSON

pytestmark = pytest.mark.slow  # every test here starts the whole program

ADDED = "o = o + skipped"
# Breaks causality at first; what he finds of his own he then puts right.
BREAKS_THEN_REPAIRS = f"""
if grep -q flip "$1"
then sed -i 's/o.flip(2) + skipped/o + 0.5 * skipped/' "$1"
else sed -i 's/{ADDED}/o = o.flip(2) + skipped/' "$1"
fi
"""


@pytest.fixture
def home(tmp_path):
    workspace = scored_template(tmp_path / "home")
    wait_for_review(workspace, "value_skip", "data_dependent_decay", "swish_output_gate", "negative_eigenvalues")
    return workspace


@pytest.fixture
def sit(home, tmp_path):
    """Sit down with an editor that is a shell script, its file in $1."""
    begun = []

    def sit(*arguments, script=None, **environment):
        if script is not None:
            (tmp_path / "editor.sh").write_text(script)
            environment["EDITOR"] = f"sh {tmp_path / 'editor.sh'}"
        begun.append(AtTerminal("review", *arguments, "--workspace", home.root, **environment))
        return begun[-1].see(VALUE_SKIP, "q quit")

    yield sit
    for terminal in begun:
        terminal.kill()


@pytest.mark.parametrize(
    ("editor", "news"),
    [
        ("false", "false ended with exit code 1"),
        ("no_such_editor -w", "no_such_editor -w: No such file or directory; set EDITOR"),
        ("'unclosed", "No closing quotation; set EDITOR"),
        ("true", "Nothing was changed."),
        ("rm", "what rm left cannot be read"),
    ],
)
def test_an_editor_that_fails_changes_nothing(sit, home, editor, news):
    before = home.history()
    desk = sit("--no-train", EDITOR=editor).press("e").see(news).press("q")
    assert desk.end() == 0
    assert home.history() == before


def test_visual_comes_before_editor(sit):
    sit("--no-train", VISUAL="true", EDITOR="false").press("e").see("Nothing was changed.")


def test_ctrl_c_in_the_editor_is_the_editors(sit, home):
    desk = sit("--no-train", script="echo in the editor; sleep 60").press("e").see("in the editor").press(CTRL_C)
    desk.see("The editor failed, nothing was changed", "q quit").press("q")
    assert desk.end() == 0
    assert home.find(VALUE_SKIP).stage == "proposed"


def test_ctrl_c_that_is_told_after_the_editor_has_ended_of_it_is_the_editors_as_well(sit):
    desk = sit("--no-train", script="(sleep 0.2; kill -INT $PPID) & exit 1").press("e")
    desk.see("The editor failed, nothing was changed", "q quit")
    time.sleep(0.5)
    assert desk.press("q").end() == 0


def test_a_stop_from_outside_ends_the_editor_as_well(sit, home):
    desk = sit("--no-train", script="echo in the editor; exec sleep 61").press("e").see("in the editor")
    desk.child.kill(15)
    assert desk.end() == INTERRUPTED
    assert subprocess.run(["pgrep", "-f", "^sleep 61$"]).returncode == 1


def test_an_edit_is_checked_at_once_kept_as_his_and_trained_while_the_next_is_read(sit, home):
    desk = sit("--allow-unsandboxed", script=BREAKS_THEN_REPAIRS).press("e")
    desk.see("Your version was refused; e goes on from it", "causality")
    run = home.find(VALUE_SKIP)
    assert (run.proposal.editor, ADDED in run.proposal.source) == ("", True)
    assert "flip" in (home.folder(run) / "draft.py").read_text()

    desk.press("e").see("Your version passed the checks", "proposed by catalogue, edited by a person")
    proposal = home.find(VALUE_SKIP).proposal
    assert (proposal.author, proposal.editor, proposal.moves) == ("catalogue", PERSON, ())
    assert "0.5 * skipped" in proposal.source
    assert ADDED in proposal.unedited
    assert "0.5 * skipped" in (home.folder(run) / "naive.py").read_text()
    assert "+    o = o + 0.5 * skipped" in (home.folder(run) / "patch.diff").read_text()
    desk.resize(80, 60).see("Your change of the proposal  +1 −1", "+ ", "The change  +5 −1  against")

    # Approved, it is trained while the next is read, and what is approved then when its reader has left.
    desk.resize(80, 24).press("a").see("remark").press("mine", ENTER).see(DECAY, "approved")
    desk.press(DOWN).see(f"training {VALUE_SKIP}", "step", DECAY).see(f"{VALUE_SKIP}: 0.", DECAY, "3 waiting")
    desk.press("r").see("because").press("enough", ENTER).see(SWISH, "2 waiting")
    desk.press("a").see("remark").press(ENTER).see("1 waiting", "q quit").press("q")
    assert desk.end() == 0
    stages = [(run.stage, run.scored) for run in home.history().runs[1:]]
    assert stages == [("analysed", True), ("rejected", False), ("analysed", True), ("proposed", False)]
    afterwards = desk.written.rpartition("\x1b[?1049l")[2]
    for text in (f"rejected {DECAY}: enough", f"{VALUE_SKIP}: 0.", f"{SWISH}: 0.", "1 left undecided"):
        assert text in afterwards
    assert home.find(VALUE_SKIP).review.reason == "mine"
    log = subprocess.check_output(
        ["git", "-C", home.root / "runs" / "lineage.git", "log", "-1", "--format=%an|%cn", VALUE_SKIP], text=True
    )
    assert log.strip() == f"catalogue|{PERSON}"


def test_ctrl_c_while_an_edit_is_checked_decides_nothing(sit, home):
    desk = sit("--allow-unsandboxed", script=f"sed -i 's/{ADDED}/o = o + 2 * skipped/' \"$1\"")
    assert desk.press("e").see("checking your version").press(CTRL_C).end() == INTERRUPTED
    assert home.find(VALUE_SKIP).stage == "proposed"
