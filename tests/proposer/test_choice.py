"""What a model is asked next: kinds that pay come more often, of parents that are each the first in something."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from asked_model import BASE as PARENT
from asked_model import GATE, HISTORY, Asked
from model_replies import NAIVE, reply
from sample_cards import FINGERPRINT, sample_card, sample_proposal
from scripted_endpoint import endpoint, say

from agent.analyst.note import kind_title, render_note
from agent.core.baselines import TEMPLATE
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.run import Run
from agent.core.score import MAD_TASKS
from agent.proposer import NothingToPropose
from agent.proposer.choice import choose_request, draw_kind, gains
from agent.proposer.kinds import AIM, CHOSEN, COMBINE, LEAP, REFINE, Request, again, ancestors
from agent.proposer.niches import niches, task_beliefs
from agent.science.history import History
from agent.science.setting_noise import Noise

FAILED = Failure("crash", Reason.said("no"))


def run(name, number, parents=(TEMPLATE,), signature=(), parameters=1000, kind="", failure=None, **scores):
    card = None if failure else replace(sample_card(**scores), parameters=parameters)
    proposal = sample_proposal(name, f"x = {number}\n", parents=parents, kind=kind)
    stage = "analysed"
    return Run(
        f"20250101_{number:06}", stage, proposal, "smoke", FINGERPRINT, card=card, failure=failure, signature=signature
    )


BASE = run(TEMPLATE, 0, parents=(), signature=(0.0, 0.0))
ALL = dict.fromkeys(("Compress", "Context_Recall", "Fuzzy_Recall", "Memorize", "Noisy_Recall", "Selective_Copy"), 0.6)
BEST = run("best", 1, signature=(0.1, 0.0), **ALL)
FUZZY = run("fuzzy", 2, signature=(0.0, 3.0), parameters=1050, Fuzzy_Recall=0.9)
LEAN = run("lean", 3, signature=(0.2, 0.1), parameters=600)
LARGE = run("large", 4, signature=(9.0, 9.0), parameters=9000, **ALL | {"Memorize": 0.99})
KNOWN = History((BASE, BEST, FUZZY, LEAN, LARGE), {})


def test_each_niche_has_its_first():
    found = niches(KNOWN, Random(0))
    leaders = {niche.task: niche.run.name for niche in found if niche.task}
    assert leaders["Fuzzy Recall"] == "fuzzy"
    assert leaders["Memorize"] == "best"  # what is too large leads nothing
    assert len(leaders) == 6
    by_name = {niche.name: niche.run.name for niche in found}
    assert by_name["fewest parameters"] == "lean"
    assert by_name["most different"] == "fuzzy"


def test_a_score_that_may_be_luck_leads_nothing():
    """Where the scores of a task are spread no more than their noise is, the leader is the best of all."""
    close = [run(f"run_{number}", number, **ALL | {"Memorize": 0.6 + 0.001 * number}) for number in range(1, 6)]
    best = run("best", 9, **ALL | {"Compress": 0.9, "Memorize": 0.6})
    history = History((BASE, *close, best), {})
    beliefs = task_beliefs(history, [*close, best])
    assert beliefs["Memorize"][close[4].id].mean < 0.6035
    assert beliefs["Compress"][best.id].mean == pytest.approx(0.9, abs=0.01)
    noisy = replace(history, noise={f"{task} V8": Noise(0.3, 10) for task in MAD_TASKS})
    beliefs = task_beliefs(noisy, [*close, best])
    assert len({belief.mean for belief in beliefs["Memorize"].values()}) == 1
    leaders = {niche.task: niche.run.name for niche in niches(noisy, Random(0)) if niche.task}
    assert leaders["Memorize"] == "best"


def test_those_are_combined_that_would_reach_most_together_and_each_pair_once():
    memorizes = run("memorizes", 5, **ALL | {"Memorize": 0.95})
    history = History((BASE, BEST, FUZZY, LEAN, memorizes), {})
    together = run("together", 6, parents=("memorizes", "fuzzy"), **ALL)

    def pairs(known):
        asked = (choose_request(known, Random(seed)) for seed in range(200))
        return Counter(frozenset(request.parents) for request in asked if request.kind is COMBINE)

    (pair, _), *_ = pairs(history).most_common(1)
    assert pair == {"memorizes", "fuzzy"}
    assert frozenset({"memorizes", "fuzzy"}) not in pairs(History((*history.runs, together), {}))


def test_what_is_lean_and_worse_than_the_template_is_no_parent():
    poor = run("poor", 5, parameters=10, **dict.fromkeys(ALL, 0.1))
    by_name = {each.name: each.run.name for each in niches(History((*KNOWN.runs, poor), {}), Random(0))}
    assert by_name["fewest parameters"] == "lean"


def test_among_some_only_these_are_parents_and_without_any_there_is_nothing_to_ask():
    assert {niche.run.name for niche in niches(KNOWN, Random(0), {"lean", "fuzzy"})} == {"lean", "fuzzy"}
    with pytest.raises(NothingToPropose):
        choose_request(KNOWN, Random(0), {"nobody"})
    with pytest.raises(NothingToPropose):
        choose_request(History((), {}), Random(0))


def test_the_same_history_and_draw_ask_the_same_and_all_kinds_and_niches_come():
    asked = [choose_request(KNOWN, Random(seed)) for seed in range(200)]
    assert asked == [choose_request(KNOWN, Random(seed)) for seed in range(200)]
    assert {request.kind for request in asked} == set(CHOSEN.values())
    assert {request.parent.name for request in asked} >= {"best", "fuzzy", "lean"}


def test_two_that_are_combined_are_first_in_different_things_and_no_kin():
    pairs = {request.parents for seed in range(300) if (request := choose_request(KNOWN, Random(seed))).kind is COMBINE}
    assert ("best", "fuzzy") in pairs
    assert all(TEMPLATE not in pair for pair in pairs)  # all are its children
    alone = History((BASE,), {})
    assert all(choose_request(alone, Random(seed)).kind is not COMBINE for seed in range(50))


def test_the_task_with_most_left_to_win_is_aimed_at_most_often():
    solved = dict.fromkeys(("Context_Recall", "Memorize", "Noisy_Recall", "Selective_Copy"), 0.99)
    history = History((BASE, run("good", 1, Compress=0.9, Fuzzy_Recall=0.3, **solved)), {})
    asked = [choose_request(history, Random(seed)) for seed in range(400)]
    tasks = Counter(request.task for request in asked if request.kind is AIM)
    assert tasks.most_common(1)[0][0] == "Fuzzy Recall"
    assert all(request.task == "" for request in asked if request.kind is not AIM)


def children(kind, values, first=10, **facts):
    return [
        run(f"{kind}_{first + place}", first + place, kind=kind, **{**dict.fromkeys(ALL, value), **facts})
        for place, value in enumerate(values)
    ]


def test_a_gain_counts_over_the_better_parent_and_what_fails_or_loses_counts_as_nothing():
    both = run("both", 10, parents=("best", "fuzzy"), kind="combine", **ALL | {"Fuzzy_Recall": 0.9})
    crashed = run("crashed", 11, kind="leap", failure=FAILED)
    worse = run("worse", 12, kind="leap", **dict.fromkeys(ALL, 0.2))
    repaired = replace(worse, id="20250101_000013", proposal=replace(worse.proposal, repairs_of=crashed.id))
    plain = run("plain", 14, **ALL)  # nobody asked for a kind
    found = gains(History((*KNOWN.runs, both, crashed, worse, plain), {}))
    assert found["leap"] == [0.0, 0.0]
    (gain,) = found["combine"]
    assert 0 < gain <= KNOWN.judge(both, FUZZY).gain.difference
    assert gains(History((*KNOWN.runs, crashed, repaired), {}))["leap"] == [0.0]


def test_a_kind_that_pays_is_asked_for_more_often_and_the_others_still_now_and_then():
    history = History((BASE, *children("leap", [0.5, 0.7, 0.66, 0.5, 0.69, 0.5]),
                       *children("refine", [0.5, 0.49, 0.5, 0.55, 0.5, 0.6], 20)), {})  # fmt: skip
    known = gains(history)
    drawn = Counter(draw_kind(known, list(CHOSEN.values()), Random(seed)).name for seed in range(600))
    assert drawn["leap"] > 2 * drawn["refine"]
    assert drawn["refine"] > 0
    assert drawn["simplify"] > 0  # nothing is known of it


def test_what_was_not_tried_is_tried_where_nothing_has_gained():
    drawn = Counter(draw_kind({"refine": [0.0] * 20}, [REFINE, LEAP], Random(seed)).name for seed in range(200))
    assert drawn["leap"] > drawn["refine"]


def test_each_kind_asks_in_its_own_words():
    child = run("child", 10, parents=("best", "fuzzy"))
    history = History((*KNOWN.runs, child), {})
    assert ancestors(history, child) == ["best", "fuzzy", TEMPLATE]
    words = {kind.name: Request(child, kind, FUZZY, "Memorize").words(history) for kind in CHOSEN.values()}
    assert len(set(words.values())) == len(words)
    assert all("child" in each and "{" not in each for each in words.values())
    assert f"best, fuzzy, {TEMPLATE}" in words["leap"]
    assert "joins child and fuzzy" in words["combine"]
    assert "for Memorize alone" in words["aim"]
    assert "0.990" in words["aim"]


def test_a_repair_is_of_the_kind_that_failed():
    failed = run("failed", 10, parents=("best", "fuzzy"), kind="combine", failure=FAILED)
    assert again(KNOWN, failed, BEST) == Request(BEST, COMBINE, FUZZY)
    old = run("old", 11, failure=FAILED)  # of a version that knew no kinds
    assert again(KNOWN, old, BASE) == Request(BASE, REFINE)


def told(tmp_path, history, request):
    """The proposal that comes of a request, and what was asked."""
    with endpoint([say(reply(TANH))]) as script:
        proposal = Asked(script, tmp_path).proposer._answered(history, request)
    return proposal, script.said(0)


TANH = NAIVE.replace("error = u_i - w_i @ S", "error = torch.tanh(u_i - w_i @ S)")


def test_two_parents_stand_in_the_prompt_with_their_code_and_are_kept_with_the_proposal(tmp_path):
    proposal, prompt = told(tmp_path, HISTORY, Request(PARENT, COMBINE, GATE))
    assert (proposal.kind, proposal.parents) == ("combine", (TEMPLATE, GATE.name))
    assert f"# The other parent: {GATE.name}, " in prompt
    assert prompt.count("LEARNED_INPUTS = {") == 1  # its code, and that once
    assert prompt.rstrip().endswith(Request(PARENT, COMBINE, GATE).words(HISTORY))


def test_a_persons_idea_and_a_task_are_kept_with_the_proposal(tmp_path):
    proposal, prompt = told(tmp_path, HISTORY, Request(PARENT, AIM, task="Fuzzy Recall"))
    assert (proposal.kind, proposal.task, proposal.parents) == ("aim", "Fuzzy Recall", (TEMPLATE,))
    with endpoint([say(reply(TANH))]) as script:
        proposal = Asked(script, tmp_path).proposer.propose(HISTORY, PARENT, Random(0), "Bound it.")
    assert (proposal.kind, proposal.idea) == ("idea", "Bound it.")
    assert "for Fuzzy Recall alone" in prompt


def test_what_was_asked_for_stands_in_the_note_in_both_languages(tmp_path):
    asked = replace(BEST, proposal=replace(BEST.proposal, kind="aim", task="Memorize", idea="Skip\nthe memory."))
    note = render_note(KNOWN, asked)
    for line in (
        "Asked for: a change for Memorize.", "所要求的：针对 Memorize 的改动。",
        "A person's idea: Skip the memory.", "有人的想法：Skip the memory.",
    ):  # fmt: skip
        assert note.count(line) == 1
    assert "所要求的" not in render_note(KNOWN, asked, "en")
    assert "Asked for" not in render_note(KNOWN, BEST)
    for kind in (*CHOSEN, "idea"):
        assert kind_title(sample_proposal(kind=kind, task="Memorize"))["zh"]


def test_a_model_chooses_among_the_family_that_a_search_starts_from(tmp_path):
    with endpoint([say(reply(TANH))]) as script:
        proposal = Asked(script, tmp_path).proposer.choose(HISTORY, Random(1), {TEMPLATE})
    assert proposal.parents == (TEMPLATE,)
    assert proposal.kind in CHOSEN
