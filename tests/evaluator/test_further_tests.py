"""The same weights are tested at more lengths and with more numbers of pairs: a real training of the smallest kind."""

from dataclasses import replace

import pytest

from agent.core.baselines import TEMPLATE, baseline_path
from agent.core.score import LongerTest, PairsTest
from agent.evaluator.evaluation import evaluate
from agent.evaluator.protocols import PROTOCOLS, QUICK, SMOKE, VERIFY, VERIFYING
from agent.evaluator.tasks.task import Variation

BOTH = SMOKE.only(("Selective Copy", "Multi-Query Recall"))
SMALL = replace(
    BOTH,
    plans=tuple(replace(plan, seeds=1, epochs=1, validations=1, longer=(4, 2), pairs=(5, 2)) for plan in BOTH.plans),
)


@pytest.mark.slow
def test_a_card_has_every_length_and_every_number_of_pairs_beside_its_own():
    card = evaluate(baseline_path(TEMPLATE), SMALL, "cpu", test_seed=1, workers=1)
    (copy,), (recall,) = card.tasks["Selective Copy"].seeds, card.further["Multi-Query Recall"].seeds
    assert [test.times for test in copy.longer] == [2, 4]
    assert [test.pairs for test in recall.pairs] == [2, 4, 5]
    assert (copy.pairs, recall.longer) == ((), ())
    assert recall.pairs[1] == PairsTest(4, recall.macro, recall.micro)
    assert all(0 <= test.micro <= 1 for test in (*copy.longer, *recall.pairs))
    assert isinstance(copy.longer[0], LongerTest)


def test_only_what_lengthens_is_lengthened_and_only_what_counts_pairs_gets_others_of_them():
    copy, recall = (replica.variations for replica in SMALL.replicas())
    assert copy == (Variation(times=4), Variation(times=2))
    assert recall == (Variation(pairs=5), Variation(pairs=2))


def test_the_protocol_that_verifies_trains_as_quick_does_but_for_heads_seeds_and_tests():
    assert PROTOCOLS["verify"] is VERIFY is VERIFYING[0]
    assert VERIFY.tasks == ("Context Recall", "Fuzzy Recall", "Noisy Recall", "Selective Copy")
    assert VERIFY.further == ("Multi-Query Recall",)
    assert (VERIFY.heads, QUICK.heads, VERIFY.legs) == (2, 1, ())
    known = {setting: plan for plan in QUICK.plans for setting in plan.settings}
    for plan in VERIFY.plans:
        (setting,) = plan.settings
        if setting.task in VERIFY.tasks:
            assert (plan.batch, plan.epochs, plan.learning_rates) == (
                known[setting].batch, known[setting].epochs, known[setting].learning_rates
            )  # fmt: skip
    tokens = [sum(replica.tokens for replica in protocol.replicas()) for protocol in (VERIFY, QUICK)]
    assert tokens[0] < 1.25 * tokens[1]  # about the cost of a row
