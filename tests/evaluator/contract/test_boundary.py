"""An op is called alike whoever calls: it sees leaves without gaps, and always as many sequences as in training."""

from dataclasses import replace

import pytest
import torch
from sample_inputs import load_baseline

from agent.core.baselines import BASELINES, GATED, TEMPLATE
from agent.evaluator.contract.boundary import call_op, outputs
from agent.evaluator.contract.calls import check_contract, needs_equal_widths, sample_call, state_tensors
from agent.evaluator.contract.variant import Variant, WrongShape
from agent.evaluator.protocols import SMOKE
from agent.evaluator.training.stack import Stack
from agent.evaluator.training.trainer import train

CPU = torch.device("cpu")
PROTOCOL = replace(SMOKE.only(("Memorize",)), validation_examples=50)
REPLICAS = list(PROTOCOL.replicas())
gated = load_baseline(GATED)


def looks(seen):
    """A variant that writes down all that an op could tell one caller from another by."""

    def op(initial_state=None, chunk_size=32, **arguments):
        for name, tensor in arguments.items():
            size = tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()
            history = (tensor.is_leaf, tensor.grad_fn, tensor.requires_grad, tensor._version, tensor.storage_offset())
            seen.add((name, tensor.shape, tensor.stride(), tensor.dtype, size, history, torch.is_grad_enabled()))
        return gated.op(**arguments, initial_state=initial_state, chunk_size=chunk_size)

    return Variant(op, gated.declaration)


def test_training_validation_and_prediction_look_alike():
    seen = set()
    train(REPLICAS, looks(seen), PROTOCOL, CPU)
    in_training = set(seen)
    assert len(in_training) == len({name for name, *_ in in_training})
    stack = Stack(REPLICAS, looks(seen), PROTOCOL, CPU)
    inputs = torch.zeros(len(REPLICAS), 77, REPLICAS[0].setting.input_length, dtype=torch.int64)
    for chosen in (torch.tensor([0, 1]), torch.tensor([1])):
        list(stack.read(inputs[chosen], chosen))
    assert seen == in_training


def test_a_look_at_the_contract_looks_alike_but_for_its_sizes():
    seen, checked = set(), set()
    train(REPLICAS, looks(seen), PROTOCOL, CPU)
    check_contract(looks(checked), PROTOCOL, CPU)
    assert {(name, *rest) for name, _, _, *rest in checked} == {(name, *rest) for name, _, _, *rest in seen}


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("rows", [3, 8, 13, 16])
def test_calls_of_one_size_give_the_bits_of_one_call(name, rows):
    variant = load_baseline(name)
    arguments = sample_call(variant.declaration, SMOKE, rows, 21, CPU).arguments()
    with torch.no_grad():
        whole = outputs(variant.op, arguments, 8)
        assert torch.equal(outputs(variant.op, arguments, 8, rows_a_call=8), whole)


def test_the_gradient_is_that_of_the_op():
    call = sample_call(gated.declaration, SMOKE, 4, 21, CPU)
    arguments = call.arguments()
    cotangent = torch.randn(arguments["v"].shape)
    tensors = list(arguments.values())
    ours = torch.autograd.grad((outputs(gated.op, arguments, 8) * cotangent).sum(), tensors)
    plain = torch.autograd.grad((gated.op(**arguments, chunk_size=8)[0] * cotangent).sum(), tensors)
    assert all(torch.equal(one, other) for one, other in zip(ours, plain, strict=True))


def test_what_does_not_depend_on_an_argument_has_no_gradient():
    arguments = sample_call(gated.declaration, SMOKE, 2, 5, CPU).arguments()
    constant = outputs(lambda initial_state, chunk_size, v, **rest: (torch.ones_like(v), v), arguments, 8)
    gradients = torch.autograd.grad(constant.sum(), list(arguments.values()), allow_unused=True)
    assert gradients == (None,) * len(arguments)


def test_what_a_call_writes_reaches_nobody_and_is_told():
    arguments = sample_call(gated.declaration, SMOKE, 2, 5, CPU).arguments()
    before = arguments["v"].detach().clone()

    def op(v, initial_state, chunk_size, **rest):
        v.data.mul_(2)
        initial_state[1].add_(1)
        return v, initial_state

    state = (torch.zeros(2, 3), torch.zeros(2, 3))
    called = call_op(op, arguments, 8, state)
    assert called.changed(arguments | {"state 0": state[0], "state 1": state[1]}) == ["v", "state 1"]
    assert torch.equal(arguments["v"], before)
    assert not state[1].any()


def test_what_is_no_pair_is_said():
    arguments = sample_call(gated.declaration, SMOKE, 2, 5, CPU).arguments()
    with pytest.raises(WrongShape, match=r"must return \(o, state\), not Tensor"):
        call_op(lambda v, **rest: v, arguments, 8)
    with pytest.raises(WrongShape, match="returned o of shape int"):
        outputs(lambda v, **rest: (1, v), arguments, 8)


def test_an_op_for_equal_widths_alone_is_told_of():
    def square(q, k, v, beta, initial_state, chunk_size):
        S = q.new_zeros(len(q), 1, q.shape[-1], q.shape[-1])
        return v + q @ S, S

    square_only = Variant(square, load_baseline(TEMPLATE).declaration)
    assert needs_equal_widths(square_only, SMOKE, CPU)
    assert not any(needs_equal_widths(load_baseline(name), SMOKE, CPU) for name in BASELINES)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ((torch.zeros(2), 3), "part 2 of the state is int: .* a counter as a tensor of "),
        ((torch.zeros(2), (torch.zeros(2),)), "part 2 of the state is tuple: write nested tensors one after another"),
        ((None, torch.zeros(2)), "part 1 of the state is NoneType: .* leave None out"),
        ([torch.zeros(2)], "not list; in place of a list or a dict, return a tuple of its tensors"),
        (None, "a tuple of tensors, not NoneType"),
        ((), r"a tuple of tensors, not \(\)"),
    ],
)
def test_what_is_no_tensor_of_a_state_is_named(state, reason):
    with pytest.raises(WrongShape, match=reason):
        state_tensors(state)
