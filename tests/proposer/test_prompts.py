"""What the model is asked: all that it should know, within its budget however much there is to know."""

from dataclasses import replace
from itertools import pairwise

import pytest
from jinja2 import UndefinedError
from long_history import long_history, under_quick
from made_up_measurements import made_up_measurements
from model_replies import NAIVE
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.analyst.model import ASKED
from agent.core.baselines import TEMPLATE
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.run import OlderNote, Review, Run
from agent.core.text import Text
from agent.evaluator.contract.variant import ALLOWED_IMPORTS
from agent.evaluator.tasks import TASKS
from agent.llm.prompts import quoted, render
from agent.llm.tokens import estimate
from agent.proposer import NothingToPropose
from agent.proposer.briefing import relatedness
from agent.proposer.kinds import Request
from agent.proposer.model import ModelProposer
from agent.proposer.shares import BETWEEN, LEFT_OUT, Part, fit
from agent.science.history import History

LONG = long_history(2000)
OLD = OlderNote(
    "20240101_000000",
    {"older_a": {"Compress": 0.4}, "older_b": {"Compress": 0.5}},
    {"lessons": "经验：限制误差。" * 200},
    "whole\n",
    (),
)


def prompt(history=LONG, parent=None, tokens=12_000, older=(), idea=""):
    proposer = ModelProposer(None, None, None, lambda: older, tokens)
    return proposer.prompt(history, Request(parent or history.baseline, idea=idea))


def run(name, number, **facts):
    proposal = sample_proposal(name, parents=(TEMPLATE,), **facts.pop("proposal", {}))
    return Run(f"20250101_0000{number:02}", facts.pop("stage", "analysed"), proposal, "smoke", FINGERPRINT, **facts)


def length_of(asked):
    return estimate(asked.rules) + estimate(asked.question)


@pytest.mark.parametrize("tokens", [6_000, 12_000, 24_000])
@pytest.mark.parametrize("runs", [1, 2, 3, 10, 11, 60])
def test_a_prompt_stays_within_its_budget_and_uses_it_from_the_tenth_run_on(runs, tokens):
    length = length_of(prompt(long_history(runs), tokens=tokens))
    assert length <= tokens
    assert runs < 10 or length > 0.8 * tokens


def test_a_prompt_of_real_runs_stays_within_its_budget_too():
    with made_up_measurements():
        history = under_quick(long_history(60))
        length = length_of(prompt(history, older=[OLD] * 5, idea="Try a bound. " * 500))
    assert 0.8 * 12_000 < length <= 12_000


@pytest.mark.parametrize("runs", [1, 2, 3, 60])
def test_there_is_no_heading_without_content(runs):
    lines = [line for line in prompt(long_history(runs)).question.split("\n") if line]
    for line, following in pairwise(lines):
        assert not (line.startswith("# ") and following.startswith(("# ", "(", "Propose")))


@pytest.mark.slow
@pytest.mark.parametrize("tokens", [6_000, 12_000])
def test_a_prompt_on_two_thousand_runs_stays_within_its_budget_and_uses_it(tokens):
    asked = prompt(tokens=tokens, older=[OLD] * 5, idea="Try a bound. " * 500)
    length = length_of(asked)
    assert 0.8 * tokens < length <= tokens
    best = LONG.best.name
    for wanted in (best, LONG.scored[-1].name, "2000 runs: ", "more)", "a matrix had the wrong size", "Not again."):
        assert wanted in asked.question
    assert asked.question.count(f"{best} | ") == 1


def test_a_prompt_is_the_same_for_the_same_history():
    assert prompt(long_history(60)) == prompt(long_history(60))


def test_every_task_is_told():
    rules = prompt().rules
    columns = [task for task in TASKS if task.column]
    assert f"on {len(columns)} synthetic tasks" in rules
    assert all(f"- {task.name}: {task.told}\n" in rules for task in columns)


def test_everything_that_is_known_is_told():
    template = Run("20250101_000000", "analysed", sample_proposal(TEMPLATE, NAIVE, "baseline"), "smoke", FINGERPRINT,
                   card=sample_card())  # fmt: skip
    predicted = dict.fromkeys(sample_card().scores, 0.5)
    argument = {"reasoning": Text("A bound keeps what was written.", "有界。")}
    good = run("delta_net_4layer_good", 1, card=sample_card(Memorize=0.8), proposal={
        "predicted": predicted, "argument": argument, "moves": ("value_skip",), "author": "tiny",
    }, analysis={"lessons": Text("• value_skip: +0.050\n\ntiny on this:\nBound more.", "应更多限制。")})  # fmt: skip
    same = run("delta_net_4layer_same", 2, card=sample_card())
    crashed = run("delta_net_4layer_crashed", 3, failure=Failure("crash", Reason.said("KeyError: 'gate'")))
    refused = run("delta_net_4layer_no", 4, stage="rejected", review=Review("rejected", "me", "Too many gates.\nSTOP"))
    training = run("delta_net_4layer_now", 5, stage="evaluating")
    asked = prompt(History((template, good, same, crashed, refused, training), {}), older=[OLD])
    told = asked.question
    for wanted in (
        "error = u_i - w_i @ S",  # the parent's code
        "delta_net_4layer_good | 0.500 ± 0.127 | 0.500 ± 0.127 | 0.500 ± 0.127 | 0.800 ± 0.127",
        "0.550 ± 0.010 | learns faster, memory kept (memory +0.00, learnability +0.69 log-odds)",
        "0.500 ± 0.010 | cannot be told apart (memory +0.00, learnability +0.00 log-odds)",
        "delta_net_4layer_good: A change -> average 0.550, +0.050 against the template: learns faster, memory kept "
        "(memory +0.00, learnability +0.69 log-odds); beyond the noise: "
        "Memorize +0.300",
        "delta_net_4layer_crashed (crash):\n> KeyError: 'gate'",
        "rejected delta_net_4layer_no (A change):\n> Too many gates.\n> STOP",
        "delta_net_4layer_now: A change",
        "all tasks: 5 of 6 hit, measured minus predicted +0.050 on the mean, mean absolute error 0.050, of no change "
        "0.050, skill +0.00",
        "Memorize: 0 of 1 hit, measured minus predicted +0.300 on the mean",
        "(the skip D of Mamba: Gu and Dao 2023, arXiv 2312.00752). Measured: average +",
        "> A bound keeps what was written.\n> Bound more.",
        "5 of 6 predictions hit",
        "note 20240101_000000\n> 经验：限制误差。",
        "older_b: Compress 0.500; average 0.500 (note 20240101_000000)",
        "older_a: Compress 0.400; average 0.400 (note 20240101_000000)",
        "6 runs: 3 scored, 1 failed (crash 1)",
    ):
        assert wanted in told
    for allowed in ALLOWED_IMPORTS:
        assert allowed in asked.rules
    assert "unit_lower_inverse(" in asked.rules
    assert "{{score:VARIANT:TASK}}" in asked.rules


def test_a_parent_that_fills_the_prompt_is_passed_over():
    long = replace(LONG.runs[0], proposal=replace(LONG.runs[0].proposal, source=NAIVE + "\nX = 1" * 5000))
    with pytest.raises(NothingToPropose, match="is too long for a prompt of 12000 tokens"):
        prompt(History((long,), {}))


def test_what_a_part_leaves_of_its_share_goes_to_those_after_it_and_then_to_all():
    line = "x" * 40
    cost, heading = estimate(line) + BETWEEN, estimate("# A") + BETWEEN + LEFT_OUT

    def lines(room, **counts):
        share = 1 / len(counts)
        return {
            name: (len(part.lines), part.left_out)
            for name, part in fit(
                {name: Part("A", share, [line] * count) for name, count in counts.items()}, room
            ).items()
        }

    assert lines(8 * cost + 2 * heading, a=1, b=9) == {"a": (1, 0), "b": (7, 2)}
    assert lines(8 * cost + 2 * heading, a=9, b=9) == {"a": (4, 5), "b": (4, 5)}
    assert lines(8 * cost + 2 * heading, a=9, b=1) == {"a": (7, 2), "b": (1, 0)}
    assert lines(heading + cost - 1, a=9) == {"a": (0, 9)}


def test_kin_and_namesakes_are_related():
    parent = run("delta_net_4layer_tanh_error", 1)
    near, far = run("delta_net_4layer_tanh_state", 2), run("delta_net_4layer_decay", 3)
    child = replace(far, proposal=replace(far.proposal, parents=(parent.name,)))
    assert relatedness(child, parent) > relatedness(near, parent) > relatedness(far, parent)


def test_a_fact_that_a_prompt_wants_is_not_forgotten():
    with pytest.raises(UndefinedError, match="'missing' is undefined"):
        render(ASKED)


def test_a_quotation_is_marked_on_every_line_and_steers_no_terminal():
    assert quoted("a\x1b[2J\r\n# Rules\n", 100) == "> a[2J\n> # Rules"


def test_what_was_rejected_everywhere_stands_first_with_its_moves():
    never = Review("rejected", "a person", "it forgets", everywhere=True)
    root = run(TEMPLATE, 0, card=sample_card())
    known = History(
        (
            root,
            run("with_skip", 1, stage="rejected", review=never, proposal={"moves": ("value_skip",)}),
            run("by_a_model", 2, stage="rejected", review=never),
            run("late", 3, stage="rejected", review=Review("rejected", "a person", "not now")),
        ),
        {},
    )
    asked = prompt(known, root).question
    section = asked[asked.index("# What the reviewer decided") :]
    lines = [line for line in section.splitlines() if "reject" in line][:3]
    wanted = "rejected everywhere, never propose this change again, of any parent:"
    assert [line.startswith(wanted) for line in lines] == [True, True, False]
    assert "by_a_model" in lines[0]
    assert "+value_skip, as in with_skip" in lines[1]
    assert section.count("it forgets") >= 2
    assert section.count(wanted) == 2
