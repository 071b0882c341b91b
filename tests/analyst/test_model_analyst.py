"""The analyst that asks a model: the facts are code's, and its words are checked or left out."""

from dataclasses import replace
from typing import get_args

import pytest
from model_replies import NAIVE, analysis
from sample_cards import FINGERPRINT, sample_card, sample_proposal
from scripted_endpoint import endpoint, refuse, say

from agent.analyst import Unread
from agent.analyst.model import ModelAnalyst
from agent.analyst.note import analyse, render_note
from agent.core.baselines import TEMPLATE
from agent.core.failure import Failure, FailureKind, kind_text
from agent.core.reason import Reason
from agent.core.text import Text
from agent.core.text import say as sentence
from agent.llm.client import make_client
from agent.llm.completion import Limits
from agent.llm.dialect import Dialect
from agent.llm.endpoint import Endpoint
from agent.llm.secrets import Censor
from agent.llm.spending import Spending
from agent.llm.transcript import read_transcript
from agent.store.conversations import Conversations
from agent.store.folder import TRANSCRIPT
from agent.store.workspace import Workspace

NAME = "delta_net_4layer_bound"


@pytest.fixture
def home(tmp_path):
    """A workspace with the template and a variant of it, both scored."""
    workspace = Workspace(tmp_path)
    for name, source, card, facts in (
        (TEMPLATE, NAIVE, sample_card(), {"author": "baseline"}),
        (NAME, NAIVE.replace("return o, S", "return 2 * o, S"), sample_card(Memorize=0.8), {
            "author": "tiny", "parents": (TEMPLATE,), "argument": {"expected": Text("Memorize will rise.", "会上升。")},
        }),
    ):  # fmt: skip
        workspace.create(
            sample_proposal(name, source, **facts), "smoke", FINGERPRINT, "evaluated", card=card, attempts=1
        )
    return workspace


@pytest.fixture
def asking(home):
    """Play replies to an analyst of a run, the variant's where none is given: its sections, and the script."""

    def asking(*replies, run=None, spending=None):
        with endpoint([each if callable(each) else say(each) for each in replies]) as script:
            talks = Conversations(home, Censor({}))
            client = make_client("any", script.url)
            llm = Endpoint(client, "tiny", Dialect(4096), Limits(5, 20, 0.1), spending or Spending(), talks.censor)
            history = home.history()
            return ModelAnalyst(llm, talks, home.older_notes)(history, run or history.find(NAME)), script

    return asking


def test_facts_come_first_and_the_models_words_below(asking, home):
    sections, script = asking(analysis())
    run = home.history().find(NAME)
    facts = analyse(home.history(), run)
    assert sections["outcome"]["en"] == (
        f"{facts['outcome']['en']}\n\ntiny on this:\n"
        "• The bound did what it should: +0.300 ± 0.061 (better) on Memorize."
    )
    assert sections["outcome"]["zh"].endswith(
        "\n\ntiny 的解读：\n• 限制起到了作用：Memorize 的变化为 +0.300 ± 0.061（更好）。"
    )
    assert sections["lessons"]["zh"].startswith(facts["lessons"]["zh"])
    question = script.said(0)
    for wanted in ("> Memorize will rise.", "> +    return 2 * o, S", NAME):
        assert wanted in question
    assert f"> {facts['outcome']['en'].splitlines()[0]}" in question
    (exchange,) = read_transcript((home.folder(run) / TRANSCRIPT).read_text(encoding="utf-8"))
    assert exchange.purpose == "analyse"


def test_a_wrong_claim_is_marked(asking):
    sections, _ = asking(
        analysis(outcome_en=f"• {NAME} reaches 0.95 on Memorize.", outcome_zh=f"• {NAME} 在 Memorize 上达到 0.80。")
    )
    assert "0.95 [wrong: the table has 0.800] on Memorize" in sections["outcome"]["en"]
    assert sections["outcome"]["zh"].endswith("达到 0.80。")


def test_a_missing_language_goes_back_once(asking):
    sections, script = asking(analysis(lessons_zh=None, outcome_zh="All in English."), analysis())
    assert len(script.requests) == 2
    assert "the part <lessons_zh> is missing: write it in Chinese" in script.said(1)
    assert "the part <outcome_zh> is not in Chinese" in script.said(1)
    assert "应限制写入的幅度" in sections["lessons"]["zh"]


def test_a_reference_to_nothing_goes_back_once_and_is_marked_then(asking):
    unknown = analysis(lessons_en="• As {{score:the_other_one:Memorize}} shows.")
    sections, script = asking(unknown, unknown)
    assert "{{score:the_other_one:Memorize}} refers to no score" in script.said(1)
    assert "As [no score of the_other_one:Memorize] shows." in sections["lessons"]["en"]


@pytest.mark.parametrize(
    ("replies", "spending", "why"),
    [
        ([analysis(lessons_zh=None)] * 2, Spending(), "the part <lessons_zh> is missing"),
        ([refuse(500, "gone")], Spending(), "500: gone"),
        ([analysis()], Spending(limit=0.0, price_in=1, price_out=1), "the next call may cost"),
    ],
    ids=["words", "endpoint", "money"],
)
def test_where_the_model_fails_the_built_in_analyst_stands_and_says_so(asking, home, replies, spending, why):
    try:
        sections, _ = asking(*replies, spending=spending)
    except Unread as unread:  # another search may ask again
        sections = unread.sections
    facts = analyse(home.history(), home.history().find(NAME))
    assert sections["outcome"] == facts["outcome"]
    lines = sections["lessons"]["en"].splitlines()
    assert "\n".join(lines[:-1]) == facts["lessons"]["en"]
    assert lines[-1].startswith("• tiny's analysis is not used (")
    assert why in lines[-1]
    assert "以上由内置分析器撰写" in sections["lessons"]["zh"]


def test_known_variants_and_what_was_never_trained_are_left_to_the_built_in_analyst(asking, home):
    history = home.history()
    refused = replace(history.find(NAME), card=None, failure=Failure("unusable reply", Reason.said("no")), attempts=0)
    for run in (history.baseline, refused):
        sections, script = asking(analysis(), run=run)
        assert sections == analyse(history, run)
        assert script.requests == []


def test_every_kind_of_failure_has_its_words_and_its_advice():
    kinds = set(get_args(FailureKind))
    assert all(kind_text(kind)["zh"] for kind in kinds)
    assert all(sentence(f"next.{kind}")["en"] for kind in kinds)


def test_hostile_words_are_inert_in_the_note(asking, home):
    hostile = (
        "• <script>alert(1)</script> ![x](http://evil/?q) \x1b[31mred\x1b[0m\n"
        "--- Insights ---\nKey Observations from Experiment Results"
    )
    run = home.history().find(NAME)
    sections, _ = asking(analysis(lessons_en=hostile))
    note = render_note(home.history(), replace(run, analysis=sections))
    assert "\x1b" not in note
    assert note.splitlines().count("--- Insights ---") == 1
    assert note.splitlines().count("Key Observations from Experiment Results") == 1
