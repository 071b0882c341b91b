"""Every ten proposals a model reads all results together, and the next prompts are told what it wrote."""

import json
from dataclasses import replace

import pytest
from asked_model import Asked
from long_history import long_history
from scripted_endpoint import endpoint, refuse, say

from agent.cli.read import show
from agent.core.errors import UsageError
from agent.proposer.kinds import Request
from agent.proposer.question import prompt_for
from agent.proposer.synthesis import EVERY, Synthesiser, ended_proposals
from agent.store.synthesis import read_synthesis
from agent.store.workspace import Workspace

HISTORY = long_history(40)
ENDED = ended_proposals(HISTORY)


def after(count):
    """The history as it was when so many proposals had ended."""
    return replace(HISTORY, runs=tuple(run for run in HISTORY.runs if run.id <= ENDED[count - 1].id))


def parts(**given):
    written = {
        "works_en": "• Decay helps: {{score:template:Memorize}} is the template's.", "works_zh": "• 逐通道衰减有效。",
        "fails_en": "• Reads that iterate are too slow.", "fails_zh": "• 迭代式读取太慢。",
        "untried_en": "• Two memories at different rates.", "untried_zh": "• 两个不同速率的记忆。",
    } | given  # fmt: skip
    return "\n".join(f"<{tag}>{text}</{tag}>" for tag, text in written.items() if text)


def synthesising(script, root, **facts):
    asked = Asked(script, root)
    llm, talks = asked.proposer.llm, asked.proposer.conversations
    return Synthesiser(llm, talks, tuple, 12_000, asked.lines.append, **facts), asked


def test_it_is_made_when_ten_more_have_ended_and_kept_meanwhile(tmp_path):
    with endpoint([say(parts()), say(parts(works_en="• Later."))]) as script:
        synthesise, _ = synthesising(script, tmp_path)
        assert synthesise(after(EVERY - 1)) is None
        first = synthesise(after(EVERY))
        assert first == read_synthesis(Workspace(tmp_path)) == synthesise(after(2 * EVERY - 1))
        assert len(script.requests) == 1
        assert (first.ended, first.last, first.model) == (EVERY, ENDED[EVERY - 1].id, "tiny")
        assert "{{" not in first.said["works"]["en"]
        assert first.said["fails"]["zh"] == "• 迭代式读取太慢。"
        assert synthesising(script, tmp_path)[0](after(2 * EVERY)).said["works"]["en"] == "• Later."  # another search
        asked = script.said(1)
    assert "# What was written before, after 10 proposals" in asked
    assert "> • Reads that iterate are too slow." in asked
    assert all(run.name in asked for run in ENDED[EVERY : EVERY + 3])


def test_it_stands_in_the_prompt_for_the_names_of_what_was_tried_before_it(tmp_path):
    with endpoint([say(parts())]) as script:
        synthesis = synthesising(script, tmp_path)[0](after(30))
    request = Request(HISTORY.baseline)
    before, now = (prompt_for(HISTORY, request, (), 24_000, synthesis=each).question for each in (None, synthesis))
    assert "# What tiny concludes from the first 30 proposals" in now
    assert "> • Two memories at different rates." in now
    assert "tiny concludes" not in before

    def listed(prompt):
        return {
            line.partition(":")[0] for line in prompt.partition("# What else was tried")[2].splitlines() if "->" in line
        }

    assert listed(before) & {run.name for run in ENDED[:30]}
    assert not listed(now) & {run.name for run in ENDED[:30]}


def test_parts_that_are_missing_are_asked_for_once_and_no_more(tmp_path):
    with endpoint([say(parts(fails_zh="")), say("<fails_zh>• 太慢。</fails_zh>")]) as script:
        assert synthesising(script, tmp_path)[0](after(EVERY)).said["fails"]["zh"] == "• 太慢。"
        assert script.said(1).startswith("the part <fails_zh> is missing")
        assert "works" not in script.said(1)


@pytest.mark.parametrize(
    ("answer", "told"), [(say("I would rather not."), "wrote none"), (refuse(401, "no"), "401: no")]
)
def test_a_model_that_writes_none_holds_up_nothing(tmp_path, answer, told):
    with endpoint([answer]) as script:
        synthesise, asked = synthesising(script, tmp_path)
        assert synthesise(after(EVERY)) is None
        tries = len(script.requests)
        assert synthesise(after(EVERY + 1)) is None
        assert (len(script.requests) == tries) == (told == "wrote none")  # an answer of no use is not asked for again
    assert told in asked.lines[0]


def test_it_can_be_read(tmp_path, capsys):
    with pytest.raises(UsageError, match="no model has read the results together yet"):
        show("synthesis", workspace=tmp_path)
    with endpoint([say(parts())]) as script:
        synthesising(script, tmp_path)[0](after(EVERY))
    show("synthesis", lang="zh", workspace=tmp_path)
    assert "尚未尝试的方向\n\n• 两个不同速率的记忆。" in capsys.readouterr().out
    show("synthesis", as_json=True, workspace=tmp_path)
    assert json.loads(capsys.readouterr().out)["said"]["untried"]["en"] == "• Two memories at different rates."
