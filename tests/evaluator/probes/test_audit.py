"""Audits of real calls: what an honest op gives stands whatever is altered, and what a dishonest one gives does not."""

import itertools
import random
from types import SimpleNamespace

import pytest
import torch
from sample_inputs import load_baseline

from agent.core.baselines import BASELINES, TEMPLATE
from agent.evaluator.contract.boundary import call_op
from agent.evaluator.contract.calls import sample_call
from agent.evaluator.contract.pieces import draw_cuts, every_length, every_multiple, in_pieces
from agent.evaluator.contract.variant import Declaration, Variant, VariantRefused
from agent.evaluator.probes.audit import MOST_ROUNDING, ROUNDING, SecretAudits, apart
from agent.evaluator.protocols import SMOKE
from agent.evaluator.training.trainer import train

CPU = torch.device("cpu")
CHUNK = SMOKE.chunk_size
KINDS = ("other_suffix", "other_neighbours", "pieces", "longer")
template = load_baseline(TEMPLATE)


def audits(variant, every=1):
    return SecretAudits(variant.declaration, CHUNK, every)


def a_real_call(variant, rows=6, length=3 * CHUNK + 2):
    return call_op(variant.op, sample_call(variant.declaration, SMOKE, rows, length, CPU).arguments(), CHUNK)


def changed(change):
    """The template, its outputs changed by `change(o, state, **arguments)`."""

    def op(initial_state=None, chunk_size=32, **arguments):
        carried = initial_state if initial_state is None or initial_state.shape[-2] == 32 else None
        o, state = template.op(**arguments, initial_state=carried, chunk_size=chunk_size)
        return change(o, state, initial_state=initial_state, **arguments)

    return Variant(op, template.declaration)


def attend(o, state, q, k, v, **rest):
    hidden = torch.ones(q.shape[2], q.shape[2], dtype=torch.bool).triu(1)
    return o + (q @ k.transpose(-1, -2)).masked_fill(hidden, -torch.inf).softmax(-1) @ v, state


def forget_after_single_tokens(o, state, q, initial_state, **rest):
    return o, initial_state if q.shape[2] == 1 and initial_state is not None else state


def forget_after_three_chunks(o, state, q, initial_state, **rest):
    return o, 0 * state if q.shape[2] == 3 * CHUNK else state


def hide_behind_a_huge_token(o, state, q, k, v, **rest):
    attended, _ = attend(o, state, q, k, v)
    huge = torch.ones_like(o)
    huge[:, :, 0] = 1e7
    return huge * attended, state


def audit_often(variant, called, kind):
    """Each audit draws its cuts anew: what one misses another finds."""
    audit = audits(variant)
    for _ in range(60):
        getattr(audit, kind)(variant.op, called)


def growing(factor):
    """Linear attention whose state grows by this factor with every token."""

    def op(q, k, v, beta, initial_state=None, chunk_size=32):
        state = torch.zeros(*k.shape[:2], k.shape[3], v.shape[3]) if initial_state is None else initial_state
        outputs = []
        for token in range(q.shape[2]):
            state = factor * state + beta[:, :, token, None, None] * k[:, :, token, :, None] * v[:, :, token, None]
            outputs.append((q[:, :, token, None] @ state)[:, :, 0])
        return torch.stack(outputs, 2), state

    return Variant(op, template.declaration)


def test_what_grows_without_bound_beyond_its_length_breaks_no_rule():
    """In 26 tokens it is finite, in the longer sequences of an audit mostly not."""
    variant = growing(16.0)
    called = a_real_call(variant)
    assert called.o.isfinite().all()
    assert not a_real_call(variant, length=6 * CHUNK).o.isfinite().all()
    audit_often(variant, called, "longer")


def test_what_grows_without_bound_in_smaller_chunks_breaks_no_rule():
    """It steps once a chunk, as Titans does: with a chunk of one token it steps eight times as often."""

    def op(q, k, v, beta, initial_state=None, chunk_size=32):
        state = torch.zeros(*k.shape[:2], k.shape[3], v.shape[3]) if initial_state is None else initial_state
        outputs = []
        for start in range(0, q.shape[2], chunk_size):
            here = slice(start, start + chunk_size)
            outputs.append(q[:, :, here] @ state)
            state = 1e3 * state + k[:, :, here].transpose(-1, -2) @ v[:, :, here]
        return torch.cat(outputs, 2), state

    variant = Variant(op, template.declaration)
    called = a_real_call(variant)
    assert called.o.isfinite().all()
    assert not call_op(op, {n: p.detach() for n, p in called.leaves.items()}, 1).o.isfinite().all()
    audit_often(variant, called, "pieces")


@pytest.mark.parametrize("name", BASELINES)
def test_an_honest_op_stands_every_audit(name):
    variant = load_baseline(name)
    called = a_real_call(variant)
    audit = audits(variant)
    for kind in KINDS:
        for _ in range(3):
            getattr(audit, kind)(variant.op, called)


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (lambda o, state, v, **rest: (o + v.roll(-1, 2), state), "other_suffix", "causality of a real call"),
        (lambda o, state, v, **rest: (o + v.mean(0), state), "other_neighbours", "batch independence of a real call"),
        (attend, "pieces", "streaming of a real call"),
        (attend, "longer", "streaming of a real call"),
        (hide_behind_a_huge_token, "pieces", "streaming of a real call"),
        (forget_after_single_tokens, "pieces", "streaming of a real call"),
        (forget_after_three_chunks, "pieces", "streaming of a real call"),
        (lambda o, state, k, **rest: (o, k), "pieces", "state size"),
    ],
    ids=["next token", "neighbours", "attention", "longer", "huge token", "single tokens", "three chunks", "state"],
)
def test_a_dishonest_op_is_found_out_before_long(change, kind, said):
    variant = changed(change)
    called = a_real_call(variant, length=7 * CHUNK)
    with pytest.raises(VariantRefused, match=said):
        audit_often(variant, called, kind)


def test_training_is_audited_at_some_of_its_calls():
    protocol = SMOKE.only(("Memorize",))
    seen = []

    class Watched(SecretAudits):
        def __call__(self, op, called):
            before = len(self.kinds), self.wait
            super().__call__(op, called)
            seen.append((before[1] == 0, len(called.o)))

    train(list(protocol.replicas()), template, protocol, CPU, audit=Watched(template.declaration, CHUNK, 6))
    assert 2 <= sum(audited for audited, _ in seen) < len(seen) / 2
    with pytest.raises(VariantRefused, match="of a real call"):
        train(list(protocol.replicas()), changed(attend), protocol, CPU, audit=audits(template, 2))


def test_when_and_what_is_audited_is_never_twice_the_same():
    finite = SimpleNamespace(o=torch.zeros(1), leaves={})  # no more of a call is looked at before its moment

    def moments():
        audit = audits(template, 20)
        audit.kinds = [lambda op, called: None] * 400
        found = []
        for call in range(200):
            if not audit.wait:
                found.append(call)
            audit(template.op, finite)
        return found

    first, second = moments(), moments()
    assert 3 < len(first) < 40
    assert first != second


def test_an_op_that_makes_much_of_a_rounding_is_given_its_noise_and_no_more():
    def sensitive(o, state, q, **rest):
        return o * (1 + 0.3 * torch.sin(1e4 * q)), state  # a rounding of q moves it by a few ten-thousandths

    def judged(variant, factor):
        called = a_real_call(variant)
        audits(variant)._compare(variant.op, called, factor * called.o, "failure.audited_neighbours")

    called = a_real_call(template)
    assert ROUNDING < apart(called.o.detach(), 1.0008 * called.o.detach()) < MOST_ROUNDING
    judged(changed(sensitive), 1.0008)
    for variant, factor in ((template, 1.0008), (changed(sensitive), 1.5)):
        with pytest.raises(VariantRefused):
            judged(variant, factor)


@pytest.mark.parametrize("unit", [1, 3, CHUNK])
@pytest.mark.parametrize("length", [1, 2, CHUNK, 61, 200])
def test_cuts_are_anywhere_between_units(length, unit):
    drawn = {tuple(draw_cuts(length, unit, random.Random(seed))) for seed in range(50)}
    for cuts in drawn:
        assert cuts[0] == 0
        assert cuts[-1] == length
        assert list(cuts) == sorted(set(cuts))
        assert all(cut % unit == 0 for cut in cuts[:-1])
    assert len(drawn) > 5 or length <= 3 * unit


def test_pieces_of_every_length_and_of_every_multiple_are_fed():
    lengths, multiples = (cut(CHUNK, random.Random(1)) for cut in (every_length, every_multiple))
    assert sorted(b - a for a, b in itertools.pairwise(lengths)) == list(range(1, CHUNK + 2))
    assert sorted(b - a for a, b in itertools.pairwise(multiples))[1:] == [CHUNK * n for n in range(1, 6)]


def test_in_pieces_is_the_whole_where_a_state_is_a_tuple_too():
    def pair(o, state, **rest):
        return o, (state, state)

    def op(initial_state=None, chunk_size=32, **arguments):
        carried = None if initial_state is None else initial_state[0]
        return pair(*template.op(**arguments, initial_state=carried, chunk_size=chunk_size))

    called = a_real_call(template)
    fed = in_pieces(op, called.leaves, (), [0, 1, 2, 9, 26], CHUNK)
    assert apart(called.o.detach(), fed.o) < 1e-5
    assert fed.state_is_tuple
    assert len(fed.states) == 4


def test_a_single_sequence_is_audited_too():
    called = a_real_call(template, rows=1)
    audit = SecretAudits(Declaration({}, {}), CHUNK, 1)
    for kind in KINDS:
        getattr(audit, kind)(template.op, called)
    looks = changed(lambda o, state, v, **rest: (o + v.roll(-1, 2), state))
    called = a_real_call(looks, rows=1)
    with pytest.raises(VariantRefused, match="causality"):
        audit_often(looks, called, "other_suffix")


def test_an_answer_that_is_broken_at_its_end_is_held_to_what_came_before():
    """Else one token that is no number would keep every audit away."""

    def break_late(o, state, **rest):
        late = torch.arange(o.shape[2]) > 2 * CHUNK
        return o.masked_fill(late.view(1, 1, -1, 1), torch.nan), state

    def attend_before(o, state, **arguments):
        return break_late(*attend(o, state, **arguments))

    def look(change):
        """By audits of every kind."""
        variant = changed(change)
        looking = audits(variant)
        for _ in KINDS:
            looking.wait = 0
            looking(variant.op, a_real_call(variant))

    look(break_late)
    with pytest.raises(VariantRefused, match=r"17 tokens in \d pieces"):
        look(attend_before)


def test_a_training_that_diverges_is_not_audited():
    call = a_real_call(template)
    call.leaves["q"].data[0, 0, 3] = torch.inf
    look = audits(template)
    look.wait = 0
    look(lambda **arguments: pytest.fail("it was asked again"), call)
