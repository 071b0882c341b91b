"""Cards of parts of a row: put together, and a row's card cut down to what a part has."""

from dataclasses import replace

import pytest
from sample_cards import sample_card

from agent.core.legs import merged, restricted, seeds_of
from agent.core.score import TaskScore

WHOLE = sample_card(Memorize=0.9)


def part(*seeds, of=WHOLE):
    tasks = {
        task: TaskScore(task, tuple(s for s in score.seeds if s.seed in seeds)) for task, score in of.tasks.items()
    }
    return replace(of, tasks=tasks, fingerprint=f"of {seeds}", protocol="a leg", seconds=2.0)


def test_parts_come_together_in_the_order_of_a_row_whatever_order_they_come_in():
    for parts in ([part(0), part(1)], [part(1), part(0)]):
        whole = merged(parts)
        assert whole.tasks == WHOLE.tasks
        assert whole.seconds == 4.0
    assert merged([part(0)]) == part(0)


def test_what_was_seen_in_any_part_was_seen():
    first, second = replace(part(0), device="GPU A"), replace(part(1), device="GPU B", remarks=("remark.diverged",))
    assert merged([first, second]).remarks == ("remark.diverged",)
    assert merged([first, second]).device == "GPU A, GPU B"


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(ValueError, match="no card"):
        merged([])
    with pytest.raises(ValueError, match="same seed"):
        merged([part(0), part(0, 1)])
    with pytest.raises(ValueError, match="one test seed"):
        merged([part(0), replace(part(1), test_seed=8)])


def test_a_row_is_cut_down_to_the_seeds_of_a_part():
    wanted = part(1)
    found = restricted(replace(WHOLE, parameters=7), wanted)
    assert seeds_of(found) == seeds_of(wanted)
    assert (found.tasks, found.parameters) == (wanted.tasks, 7)
    assert (found.protocol, found.fingerprint) == (wanted.protocol, wanted.fingerprint)
    assert restricted(wanted, WHOLE) is None
