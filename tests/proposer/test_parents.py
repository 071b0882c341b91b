"""Which variant is gone on from."""

from collections import Counter
from random import Random

from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.run import Run
from agent.proposer.parents import rank_parents
from agent.science.history import History


def history(**averages):
    """Scored runs of these averages; a name after two underscores is the parent."""
    runs = []
    for number, (name, value) in enumerate(averages.items()):
        parents = tuple(name.split("__")[1:])
        card = sample_card(**dict.fromkeys(("Compress", "Context_Recall", "Fuzzy_Recall"), value),
                           **dict.fromkeys(("Memorize", "Noisy_Recall", "Selective_Copy"), value))  # fmt: skip
        runs.append(
            Run(str(number), "analysed", sample_proposal(name, parents=parents), "smoke", FINGERPRINT, card=card)
        )
    return History(tuple(runs), {})


def first_choices(known, draws=200):
    return Counter(next(rank_parents(known, Random(seed))).name for seed in range(draws))


def test_it_is_the_same_for_the_same_history_and_seed():
    known = history(a=0.5, b=0.51, c=0.49)
    orders = [[run.name for run in rank_parents(known, Random(3))] for _ in range(2)]
    assert orders[0] == orders[1]
    assert sorted(orders[0]) == ["a", "b", "c"]
    assert len({tuple(run.name for run in rank_parents(known, Random(seed))) for seed in range(20)}) > 1


def test_higher_scores_come_first_more_often():
    chosen = first_choices(history(low=0.4, middle=0.5, high=0.6))
    assert chosen["high"] > chosen["middle"] >= chosen["low"]


def test_what_was_often_tried_from_gives_way_to_what_was_not():
    equal = {"tried": 0.5, "untried": 0.5}
    children = {f"child{number}__tried": 0.3 for number in range(12)}
    chosen = first_choices(history(**equal, **children))
    assert chosen["untried"] > 2 * chosen["tried"]


def test_nothing_scored_is_nothing_to_go_on_from():
    assert list(rank_parents(History((), {}), Random(0))) == []
