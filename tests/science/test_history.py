"""What a workspace has tried, as proposers and the analyst ask for it."""

from dataclasses import replace

from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.baselines import TEMPLATE
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.run import Run
from agent.science.history import History


def scored(name, spread=0.01, parents=(), **scores):
    proposal = sample_proposal(name, parents=parents)
    return Run(name, "analysed", proposal, "smoke", FINGERPRINT, card=sample_card(spread=spread, **scores))


def test_the_leader_of_a_task_is_ahead_beyond_the_noise_even_where_a_higher_score_is_not():
    template = scored(TEMPLATE)
    lucky, sure, near = scored("lucky", 0.4, Memorize=0.8), scored("sure", Memorize=0.7), scored("near", Memorize=0.505)
    known = History((template, lucky, sure, near), {})
    assert known.compare(lucky, template)["Memorize"].verdict == "indistinguishable"
    assert known.leaders(template) == {"Memorize": sure}
    assert known.leaders(sure) == {}
    assert History((template, lucky, near), {}).leaders(template) == {}


def test_what_was_rejected_or_waits_was_not_tried():
    template, child = scored(TEMPLATE), scored("child", parents=(TEMPLATE,))
    others = [
        replace(child, id=stage, stage=stage, card=None, proposal=replace(child.proposal, name=stage))
        for stage in ("rejected", "proposed", "approved", "failed")
    ]
    others[-1] = replace(others[-1], failure=Failure("crash", Reason.said("IndexError")))
    known = History((template, child, *others), {})
    assert [run.name for run in known.children(TEMPLATE)] == ["child", "rejected", "proposed", "approved", "failed"]
    assert [run.name for run in known.tried_from(TEMPLATE)] == ["child", "failed"]
