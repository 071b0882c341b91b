"""`python -m agent search` as a person has it: one real search, stopped in every way, gone on with, and read."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas
import pytest

from agent.core.baselines import GATED, TEMPLATE
from agent.core.errors import ENDED, INTERRUPTED, USAGE
from agent.core.invocation import command
from agent.core.run import BASELINE
from agent.core.score import MAD_TASKS
from agent.evaluator.protocols import SMOKE, choose_protocol
from agent.store.status import RESULTS
from agent.store.workspace import Workspace

pytestmark = pytest.mark.slow  # every test here starts the whole program

RUNS = 2


class Told:
    """A command that runs, and what it says line by line."""

    def __init__(self, root, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "agent", *map(str, arguments), "--workspace", str(root)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True, env=os.environ | {"COLUMNS": "200"},
        )  # fmt: skip
        self.output = ""

    def until(self, text):
        """Read on until a line holds a text."""
        for line in self.process.stdout:
            self.output += line
            if text in line:
                return line
        raise AssertionError(f"{text!r} was never said:\n{self.output}")

    def interrupt(self):
        """Ctrl-C, as a terminal sends it: to every process of the group."""
        os.killpg(self.process.pid, signal.SIGINT)

    @contextmanager
    def held(self):
        """Stop its clock, as it were, however long that takes which is done meanwhile."""
        self.process.send_signal(signal.SIGSTOP)
        yield
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        """Its exit code, and all that it said."""
        rest, _ = self.process.communicate(timeout=300)
        self.output += rest
        return self.process.returncode, self.output


def ran(root, *arguments):
    return Told(root, *arguments).end()


@dataclass(frozen=True)
class Story:
    """What happened to one workspace, and what was said."""

    root: Path
    second: tuple[int, str]  # a search beside the first
    status: str
    once: tuple[int, str]  # Ctrl-C once, in the middle of a training
    stages_after_once: list[str]
    twice: tuple[int, str]
    after_twice: list
    last: tuple[int, str]


def search(root, *arguments):
    return Told(root, "search", "--protocol", "smoke", "--device", "cpu", "--seed", "1", *arguments)


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    root = tmp_path_factory.mktemp("search") / "workspace"
    first = search(root, "--runs", RUNS)
    first.until(f"training {TEMPLATE}")
    with first.held():
        second = search(root, "--runs", RUNS).end()
        _, status = ran(root, "status")
        first.interrupt()
    once = first.end()
    stages = [run.stage for run in Workspace(root).history().runs]

    again = search(root, "--runs", RUNS)
    again.until(f"training {TEMPLATE}_")  # the first proposal, which the other known variant waits for
    again.interrupt()
    again.until("stopping after this step")
    again.interrupt()
    twice = again.end()
    after_twice = list(Workspace(root).history().runs)
    last = search(root, "--runs", RUNS).end()
    return Story(root, second, status, once, stages, twice, after_twice, last)


@pytest.fixture(scope="module")
def history(story):
    return Workspace(story.root).history()


def proposals(history):
    return [run for run in history.runs if run.proposal.author != BASELINE]


def test_a_second_search_hears_who_is_at_work(story):
    code, output = story.second
    assert code == USAGE
    assert re.fullmatch(r"deltasearch: .*: process \d+ on \S+, since \d\d:\d\d, is searching here; wait for it, .*\n",
                        output.splitlines(keepends=True)[-1])  # fmt: skip
    assert "training" not in output


def test_another_shell_sees_what_it_does(story):
    assert re.match(r"process \d+ on \S+, since \d\d:\d\d, is searching\n", story.status)
    assert re.search(rf"^now +(checking|training) {TEMPLATE}$", story.status, re.MULTILINE)
    assert re.search(r"^idea +DeltaNet, the template of all variants$", story.status, re.MULTILINE)
    assert re.search(r"^isolation +namespaces|^isolation +resource limits|^isolation +NOT", story.status, re.MULTILINE)


def test_ctrl_c_once_finishes_the_step(story):
    code, output = story.once
    assert code == INTERRUPTED
    assert "stopping after this step; Ctrl-C again stops now" in output
    assert "Stopped because you stopped it." in output
    assert story.stages_after_once == ["analysed"]


def test_ctrl_c_twice_stops_at_once_and_speaks_against_nobody(story):
    code, output = story.twice
    assert code == INTERRUPTED
    assert "going on with 1 run, 1 of them scored" in output
    assert output.endswith("deltasearch: interrupted; no worker is left\n")
    template, first = story.after_twice
    assert (template.stage, template.scored) == ("analysed", True)
    assert (first.proposal.parents, first.stage, first.attempts) == ((TEMPLATE,), "approved", 0)


def test_the_next_search_goes_on_to_the_end_and_says_what_came_of_it(story, history):
    code, output = story.last
    assert code == ENDED
    assert f"Stopped because its {RUNS} runs are done.\n{RUNS} proposals tried: " in output
    assert re.search(r"^Best: [▲·=] (gated_)?delta_net_4layer\S*: 0\.\d{4}", output, re.MULTILINE)
    for run in proposals(history):
        assert f"{story.root}/runs/{run.id}/insights.md" in output
        assert re.search(rf"^\d\d:\d\d:\d\d  training {run.name}: .* \(from \S+\)$", output, re.MULTILINE)
        assert re.search(rf"^\d\d:\d\d:\d\d  [{RESULTS}] {run.name}: ", output, re.MULTILINE)
    assert "Traceback" not in output


def test_every_run_has_its_folder(story, history):
    assert [run.stage for run in history.runs] == ["analysed"] * (2 + RUNS)
    assert [run.name for run in history.runs if run.proposal.author == BASELINE] == [TEMPLATE, GATED]
    assert [run.proposal.author == BASELINE for run in history.runs[:3]] == [True, False, True]
    for run in history.runs:
        folder = story.root / "runs" / run.id
        names = {path.name for path in folder.iterdir()}
        always = {"run.json", "naive.py", "patch.diff", "insights.md", "config.json"}
        assert names - {"curves.csv", "log.txt", "confirmation.json"} == always
        assert run.scored or "confirmation.json" not in names
        assert ("curves.csv" in names) == run.scored
        config = json.loads((folder / "config.json").read_text())
        assert (config["protocol"], config["seed"], config["device"], config["runs"]) == ("smoke", 1, "cpu", RUNS)
        assert run.isolation.tried
        assert run.fingerprint == SMOKE.fingerprint
    for run in proposals(history):
        assert (folder_of(story, run) / "patch.diff").read_text().startswith(f"--- {run.proposal.parents[0]}\n+++ ")
        assert set(run.proposal.predicted) == set(MAD_TASKS)


def folder_of(story, run):
    return story.root / "runs" / run.id


def test_the_table_has_a_row_a_scored_run(story, history):
    table = pandas.read_csv(story.root / "results.csv", index_col=0)
    assert list(table.columns) == list(MAD_TASKS)
    assert list(table.index) == [run.name for run in history.scored]
    for run in history.scored:
        assert dict(table.loc[run.name]) == pytest.approx(run.card.scores, abs=5e-7)


def test_the_readers_read_it(story, history):
    last = proposals(history)[-1]
    code, output = ran(story.root, "status")
    assert (code, output.splitlines()[0].startswith("nobody is searching; the last search stopped ")) == (ENDED, True)
    assert f"because its {RUNS} runs are done" in output
    facts = json.loads(ran(story.root, "status", "--json")[1])
    assert (facts["tried"], facts["searcher"], len(facts["latest"])) == (RUNS, None, 2 + RUNS)

    _, note = ran(story.root, "show", last.id, "--lang", "zh")
    assert "结果与预期对照" in note
    assert "Outcome" not in note
    assert json.loads(ran(story.root, "show", TEMPLATE, "--json")[1])["proposal"]["name"] == TEMPLATE

    _, diff = ran(story.root, "diff", TEMPLATE, last.name)
    assert diff.startswith(f"--- {TEMPLATE}\n+++ {last.name}\n@@ ")

    _, log = ran(story.root, "log")
    assert {line.split()[2] for line in log.splitlines()} == {run.name for run in history.scored}
    entries = json.loads(ran(story.root, "log", "--json")[1])
    assert [entry["parents"] for entry in entries if entry["name"] == last.name] == [list(last.proposal.parents)]

    _, table = ran(story.root, "table")
    assert all(f"{run.card.average:.3f}" in table for run in history.scored)
    rows = pandas.read_csv(pandas.io.common.StringIO(ran(story.root, "table", "--csv")[1]), index_col=0)
    assert set(rows.index) == {run.name for run in history.scored}
    assert (rows["average error"] > 0).all()


def test_what_does_not_exist_is_named(story, tmp_path):
    code, output = ran(story.root, "show", "nothing")
    assert (code, output.count("\n")) == (USAGE, 1)
    assert "no run 'nothing'; the latest: 2" in output
    code, output = ran(story.root, "show", TEMPLATE, "--lang", "fr")
    assert (code, output) == (USAGE, "deltasearch: --lang fr: en, zh or all\n")
    search = command("search", tmp_path / "new")
    code, output = ran(tmp_path / "new", "status")
    assert (code, output.endswith(f"no search has begun here yet: {search}\n")) == (USAGE, True)
    code, output = ran(tmp_path / "new", "table")
    assert (code, output.strip()) == (ENDED, f"no run yet: {search}")


def test_a_table_that_was_spoilt_is_made_anew(story):
    table, lineage = story.root / "results.csv", story.root / "runs" / "lineage.git"
    text = table.read_text()
    commits = ran(story.root, "log")[1]
    table.write_text(text.replace(",", ";") + "by_hand;1\n")
    code, output = search(story.root, "--runs", 1).end()
    assert code == USAGE
    assert "python -m agent rebuild" in output
    table.write_text(text + "by_hand" + ",0.5" * 6 + "\n")
    (lineage / "HEAD").write_text("rubbish")
    code, output = ran(story.root, "rebuild")
    assert code == ENDED
    assert "dropped the row by_hand: no run stands behind it" in output
    assert table.read_text() == text
    assert ran(story.root, "log")[1] == commits


def test_older_notes_are_shown_beside_the_runs(story, tmp_path):
    notes = tmp_path / "known.csv"
    notes.write_text("name," + ",".join(MAD_TASKS) + "\nknown_before" + ",0.25" * 6 + "\n")
    code, output = ran(story.root, "import", notes)
    assert (code, "imported 1 files with 1 variants' scores" in output) == (ENDED, True)
    (row,) = [line for line in ran(story.root, "table")[1].splitlines() if "known_before" in line]
    assert row.count("0.250") == 7
    assert "imported: known" in row
    assert "known_before" not in (story.root / "results.csv").read_text()
    notes.write_text("rubbish")
    code, output = ran(story.root, "import", notes)
    assert (code, "line 1: the columns should be" in output) == (USAGE, True)


def test_doctor_says_what_there_is(story):
    code, output = ran(story.root, "doctor", "--json")
    assert code == ENDED
    found = json.loads(output)
    assert {"python", "torch", "device", "protocol", "isolation", "git", "endpoint", "disk"} <= found.keys()
    default = choose_protocol(None, "cuda" if "GB" in found["device"] else "cpu")
    assert found["protocol"] == f"{default.name} by default: {default.purpose}"


def test_a_search_of_another_protocol_is_refused_here(story):
    code, output = Told(story.root, "search", "--protocol", "quick", "--device", "cpu").end()
    assert code == USAGE
    assert "this workspace holds scores of protocol smoke" in output


def test_a_mistake_in_the_configuration_is_named(tmp_path):
    (tmp_path / "search.toml").write_text("hour = 1\n")
    code, output = ran(tmp_path, "search")
    assert (code, output) == (
        USAGE, f"deltasearch: {tmp_path}/search.toml: there is no setting 'hour'; did you mean hours?\n"
    )  # fmt: skip
