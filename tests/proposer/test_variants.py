"""What every variant promises, whatever its rule: one contract, the twelve and what their notes propose next."""

import pytest
import torch
from sample_inputs import assert_same, load_baseline, sample, state_tensors, tokens
from torch.utils.flop_counter import FlopCounterMode

from agent.core.baselines import BASELINES, TEMPLATE, proposed_paths

LENGTH, CHUNK = 14, 4


@pytest.fixture(params=[*BASELINES, *proposed_paths()])
def variant(request):
    return load_baseline(request.param)


@pytest.fixture
def arguments(variant):
    return sample(variant.declaration, LENGTH)


def call(variant, arguments, state=None, chunk_size=CHUNK):
    return variant.op(**arguments, initial_state=state, chunk_size=chunk_size)


def in_pieces(variant, arguments, cuts):
    """One call a piece with the state carried: the outputs end to end, and the last state."""
    outputs, state = [], None
    for start, stop in zip((0, *cuts), (*cuts, arguments["q"].shape[2]), strict=True):
        o, state = call(variant, tokens(arguments, variant.declaration, start, stop), state)
        outputs.append(o)
    return torch.cat(outputs, dim=2), state


def test_no_output_depends_on_a_later_token(variant, arguments):
    state = call(variant, sample(variant.declaration, CHUNK, seed=2))[1]
    o, _ = call(variant, arguments, state)
    other = sample(variant.declaration, LENGTH, seed=1)
    for cut in range(1, LENGTH):
        changed = {
            name: value
            if name in variant.declaration.parameters
            else torch.cat((value[:, :, :cut], other[name][:, :, cut:]), dim=2)
            for name, value in arguments.items()
        }
        o_changed, _ = call(variant, changed, state)
        assert_same(o_changed[:, :, :cut], o[:, :, :cut], 1e-12)
        assert not torch.equal(o_changed[:, :, cut:], o[:, :, cut:])


def test_each_sequence_of_a_batch_is_on_its_own(variant, arguments):
    o, state = in_pieces(variant, arguments, (CHUNK,))
    for row in range(2):
        o_alone, state_alone = in_pieces(variant, {name: x[row, None] for name, x in arguments.items()}, (CHUNK,))
        assert_same(o_alone, o[row, None], 1e-12)
        assert_same(state_tensors(state_alone), tuple(x[row, None] for x in state_tensors(state)), 1e-12)


def test_nothing_is_kept_between_calls_and_nothing_given_is_changed(variant, arguments):
    state = call(variant, sample(variant.declaration, CHUNK, seed=2))[1]
    given = [*arguments.values(), *state_tensors(state)]
    before = [x.clone() for x in given]
    first = call(variant, arguments, state)
    assert all(torch.equal(x, copy) for x, copy in zip(given, before, strict=True))
    call(variant, sample(variant.declaration, LENGTH + 3, batch=3, seed=1))
    assert_same(call(variant, arguments, state), first, 0.0)


@pytest.mark.parametrize("cuts", [(4,), (8,), (12,), (4, 8, 12)])
def test_pieces_that_end_with_a_chunk_give_the_whole(variant, arguments, cuts):
    assert_same(in_pieces(variant, arguments, cuts), call(variant, arguments), 1e-9)


@pytest.mark.parametrize("length", [1, 3, 7])
def test_filling_up_the_last_chunk_changes_nothing(variant, length):
    arguments = sample(variant.declaration, length)
    whole = call(variant, arguments, chunk_size=length)
    for chunk_size in (length + 1, 32):
        assert_same(call(variant, arguments, chunk_size=chunk_size), whole, 1e-12)


def test_the_state_does_not_grow_and_the_cost_is_linear(variant):
    def shapes_and_cost(length):
        with FlopCounterMode(display=False) as flops:
            _, state = call(variant, sample(variant.declaration, length))
        return [x.shape for x in state_tensors(state)], flops.get_total_flops()

    shapes, cost = shapes_and_cost(4 * CHUNK)
    assert all(shape[0] == 2 for shape in shapes)
    assert shapes_and_cost(1)[0] == shapes
    assert shapes_and_cost(16 * CHUNK) == (shapes, 4 * cost)


def test_shapes_and_types_are_those_of_the_inputs(variant):
    arguments = sample(variant.declaration, LENGTH, dtype=torch.float32)
    exact, _ = call(variant, {name: x.double() for name, x in arguments.items()})
    o, state = call(variant, arguments)
    assert (o.shape, o.dtype) == (arguments["v"].shape, torch.float32)
    assert {x.dtype for x in state_tensors(state) if x.is_floating_point()} == {torch.float32}
    torch.testing.assert_close(o.double(), exact, atol=1e-3, rtol=1e-3)


def test_tensors_are_made_on_the_device_of_the_inputs(variant, arguments):
    """PyTorch's device without data stands for any: it refuses to be mixed with tensors of the CPU."""
    o, state = in_pieces(variant, {name: x.to("meta") for name, x in arguments.items()}, (CHUNK,))
    assert {x.device.type for x in (o, *state_tensors(state))} == {"meta"}


def test_gradients_are_the_derivatives(variant):
    """Through outputs and state, over a state carried from one call to the next."""
    arguments = sample(variant.declaration, 5, batch=1, heads=1, key_dim=3, value_dim=2)

    def outputs(*values):
        named = dict(zip(arguments, values, strict=True))
        _, state = call(variant, named, chunk_size=2)
        o, state = call(variant, named, state, chunk_size=3)
        return o, *(x for x in state_tensors(state) if x.is_floating_point())

    assert torch.autograd.gradcheck(outputs, [x.requires_grad_() for x in arguments.values()])


@pytest.mark.parametrize("hard", ["silent", "repetitive", "loud", "timid"])
def test_outputs_and_gradients_are_finite_in_single_precision(variant, hard):
    """Two full chunks and a part of one, of tokens that are all zero, all the same, large, or hardly written."""
    arguments = sample(variant.declaration, 70, dtype=torch.float32)
    for name in variant.declaration.inputs.keys() | {"q", "k", "v"}:
        if hard == "silent":
            arguments[name] = torch.zeros_like(arguments[name])
        elif hard == "repetitive":
            arguments[name] = arguments[name][:, :, :1].expand_as(arguments[name]).clone()
        elif hard == "loud":
            arguments[name] = 1000 * arguments[name]
    if hard in ("repetitive", "timid"):
        arguments["beta"] = torch.full_like(arguments["beta"], 1.0 if hard == "repetitive" else 1e-30)
    leaves = [x.requires_grad_() for x in arguments.values()]
    o, state = call(variant, arguments, chunk_size=32)
    everything = [o, *(x for x in state_tensors(state) if x.is_floating_point())]
    assert all(x.isfinite().all() for x in everything)
    gradients = torch.autograd.grad(sum(x.sum() for x in everything), leaves)
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize(
    "change",
    [
        "adam_style_adaptive_state_update_after_output",
        "adaptive_exponential_decay_on_state_before_and_after_prediction_per_chunk",
        "add_momentum_to_state_update_after_output",
        "sigmoid_gate_on_state_update_per_chunk_using_mean_beta",
        "tanh_on_error_before_state_update",
    ],
)
def test_what_changes_the_state_alone_changes_nothing_within_one_chunk(change):
    changed, template = load_baseline(f"{TEMPLATE}_{change}"), load_baseline(TEMPLATE)

    def outputs_and_slopes(variant, length):
        inputs = sample(template.declaration, length, dtype=torch.float32)
        own = sample(variant.declaration, length, dtype=torch.float32)
        o, _ = call(variant, {**own, **{name: x.requires_grad_() for name, x in inputs.items()}}, chunk_size=32)
        return o, *torch.autograd.grad(o.square().sum(), list(inputs.values()))

    def same(length):
        pairs = zip(outputs_and_slopes(changed, length), outputs_and_slopes(template, length), strict=True)
        return [torch.equal(one, other) for one, other in pairs]

    assert all(same(32))
    assert not any(same(33))
