"""A whole search that a model thinks for, at a scripted endpoint; under the smoke protocol."""

import json
import os
import re
import subprocess
import sys

import pandas
import pytest
from model_replies import NAIVE, analysis, reply, variant
from scripted_endpoint import Script, endpoint, refuse, say

from agent.core.baselines import TEMPLATE
from agent.core.errors import ENDED, UNAVAILABLE, USAGE, Unavailable, UsageError
from agent.evaluator.jail.isolation import prove_isolation
from agent.llm.transcript import read_transcript
from agent.search.assembly import assemble
from agent.search.config import Config
from agent.search.screen import Screen
from agent.store.drafts import KeptDrafts
from agent.store.folder import NOTE, TRANSCRIPT
from agent.store.workspace import Workspace, conversation_path

pytestmark = pytest.mark.slow  # every test here starts the whole program

KEY = "sk-test-abcdefgh12345678"
MOVES = ("channel_write_gate", "error_normalisation", "learned_decay_per_head", "current_token_bonus", "value_skip")


class Thinker:
    """A model that answers by what it is asked: that it is ready, proposals one after the other, and analyses."""

    def __init__(self, first=()):
        codes = [variant(move) for move in MOVES]
        self.proposals = iter([*first, *(reply(code, f"idea_{number}") for number, code in enumerate(codes))])

    def __call__(self, request):
        rules = request["messages"][0]["content"]
        if rules.startswith("You take part in a search"):
            return next(self.proposals)
        return analysis() if rules.startswith("You write the last two sections") else "ready"


@pytest.fixture
def search(tmp_path, monkeypatch):
    """Run a search in this process: how it stopped, its workspace and the lines that it printed."""

    def search(script, **settings):
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", script.url)
        monkeypatch.setenv("NO_PROXY", "*")
        config = Config(**{"protocol": "smoke", "device": "cpu", "baselines": (TEMPLATE,), "hours": 1} | settings)
        lines = []
        workspace = Workspace(tmp_path)
        loop = assemble(config, workspace, prove_isolation(), Screen(lambda status: None, lines.append))
        stop = loop.run()
        loop.journal.stopped(stop.reason)
        return stop, workspace, lines

    return search


def transcript(workspace, run):
    return read_transcript((workspace.folder(run) / TRANSCRIPT).read_text(encoding="utf-8"))


def test_a_search_of_several_runs(search, tmp_path):
    acausal = reply(NAIVE.replace("return o, S", "return o.flip(2), S"), "idea_0")
    with endpoint([say(Thinker([acausal]), tokens=(9000, 1500))]) as script:
        stop, workspace, _ = search(script, proposer="model", runs=2, price_in=1, price_out=10)
    assert (stop.exit_code, stop.reason["en"]) == (ENDED, "its 2 runs are done")
    history = workspace.history()
    template, *ours = history.runs
    assert (template.name, len(ours), all(run.scored for run in ours)) == (TEMPLATE, 2, True)
    assert list(pandas.read_csv(tmp_path / "results.csv", index_col=0).index) == [run.name for run in history.runs]

    first = ours[0]
    assert (first.name, first.proposal.repairs) == (f"{TEMPLATE}_idea_0", 1)
    said = transcript(workspace, first)
    assert [exchange.purpose for exchange in said] == ["propose", "repair", "analyse"]
    assert "refused: causality" in said[1].messages[-1]["content"]
    note = (workspace.folder(first) / NOTE).read_text(encoding="utf-8")
    assert "tiny on this:" in note
    assert re.search(r"The bound did what it should: [+-]\d\.\d{3} ± \d+\.\d{3} \(\w+\) on Memorize", note)
    assert "{{" not in note
    assert f"{TEMPLATE}_idea_0" in transcript(workspace, ours[-1])[0].messages[1]["content"]  # it knows of the first

    # Every call is accounted for: ready, two for the first proposal, one for the other, an analysis a run. After the
    # last run nothing more was begun, and nothing is left over.
    assert not list(conversation_path(tmp_path, "x").parent.glob("*.jsonl"))
    assert not KeptDrafts(workspace).left()
    calls = 1 + 2 + 1 + 2
    assert len(script.requests) == calls
    status = json.loads((tmp_path / "runs" / "status.json").read_text())
    assert f"${calls * (9000 + 10 * 1500) / 1e6:.2f} ({calls * 9000:,} tokens in" in status["budget"]
    assert 0 < status["busy"] <= 1
    assert not any(KEY.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_what_cannot_be_used_is_a_failed_run_and_the_cap_ends_the_search_before_it_is_passed(search):
    """After the first good proposal a call may cost more than is left: no further one is begun, and nobody reads it."""
    with endpoint([say(Thinker(["I would rather not."] * 3), tokens=(9000, 1500))]) as script:
        stop, workspace, _ = search(
            script, proposer="model", reply_tokens=4096, max_cost=0.17, price_in=0, price_out=15
        )
    _, failed, good = workspace.history().runs
    assert (failed.stage, failed.failure.kind, failed.proposal.repairs) == ("analysed", "unusable reply", 2)
    assert len(transcript(workspace, failed)) == 3
    assert "模型回复不可用" in (workspace.folder(failed) / NOTE).read_text(encoding="utf-8")
    assert good.scored
    assert "tiny's analysis is not used (the next call may cost 0.0614 dollars" in good.analysis["lessons"]["en"]
    assert (stop.exit_code, stop.reason["en"]) == (ENDED, "the model's next call could exceed the 0.17 dollars")
    spent, most = len(script.requests) * 1500 * 15 / 1e6, 4096 * 15 / 1e6
    assert spent <= 0.17 < spent + 2 * most


def test_where_the_endpoint_goes_away_the_catalogue_proposes_and_the_built_in_analyst_writes(search, monkeypatch):
    monkeypatch.setattr("agent.search.assembly.PATIENCE", {"auto": 0.1})
    answers = [say(Thinker()), say(Thinker()), refuse(500, "gone")]
    with endpoint(answers) as script:
        stop, workspace, lines = search(script, runs=2)
    assert stop.exit_code == ENDED
    _, ours, catalogues = workspace.history().runs
    assert (ours.proposal.author, catalogues.proposal.author) == ("tiny", "catalogue")
    note = (workspace.folder(ours) / NOTE).read_text(encoding="utf-8")
    assert "tiny's analysis is not used (" in note
    assert "500: gone" in note
    assert "以上由内置分析器撰写" in note
    assert any("the catalogue proposes meanwhile" in line for line in lines)


def test_what_must_be_set_is_said_before_anything_is_asked(search, monkeypatch):
    with endpoint([say("ready")]) as script, pytest.raises(UsageError, match="max_cost needs price_in and price_out"):
        search(script, max_cost=1)
    assert script.requests == []
    with (
        endpoint([refuse(401, "no")], models=("qwen3",)) as script,
        pytest.raises(Unavailable, match=r"\(model qwen3\)"),
    ):
        search(script)
    with endpoint([]) as gone:
        pass
    with pytest.raises(Unavailable, match=r"the connection failed .*; look at OPENAI_BASE_URL and the network, or let"):
        search(gone)
    with pytest.raises(UsageError, match="OPENAI_BASE_URL is 'localhost:8000/v1': it must begin with http"):
        search(Script([], url="localhost:8000/v1"))
    with (
        endpoint([say("ready")], models=("qwen3", "llama4")) as script,
        pytest.raises(
            UsageError, match="say which model to ask with --model or DELTASEARCH_MODEL; it has qwen3, llama4"
        ),
    ):
        search(script)


@pytest.mark.parametrize(
    ("key", "options", "exit_code", "message"),
    [
        (KEY, ("--model", "gpt-9"), UNAVAILABLE, "{url}: 404: The model `gpt-9` does not exist. (model gpt-9)"),
        (
            "",
            ("--proposer", "model"),
            USAGE,
            "no OPENAI_API_KEY is set, and the model needs one: export OPENAI_API_KEY=",
        ),
    ],
)
def test_a_wrong_model_or_no_key_is_one_line_and_an_exit_code(tmp_path, key, options, exit_code, message):
    command = [
        sys.executable,
        "-m",
        "agent",
        "search",
        "--protocol",
        "smoke",
        "--workspace",
        str(tmp_path),
        "--allow-unsandboxed",
        *options,
    ]
    with endpoint([refuse(404, "The model `gpt-9` does not exist.")]) as script:
        environment = os.environ | {"OPENAI_API_KEY": key, "OPENAI_BASE_URL": script.url, "NO_PROXY": "*"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == exit_code
    assert done.stderr.startswith(f"deltasearch: {message.format(url=script.url)}")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "results.csv").exists()
