"""Gradients in float32: what is lost on one draw may be an honest op's, what is lost on every draw is bent."""

import pytest
import torch

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.contract.variant import read_declaration
from agent.evaluator.probes.gradient import GradientLost
from agent.evaluator.probes.op_under_test import OpUnderTest
from agent.evaluator.probes.probe_calls import ProbeResult
from agent.evaluator.probes.probes import gradients
from agent.evaluator.protocols import SMOKE


class Calls:
    """Calls o = beta k v, whose gradient in float32 is a tenth too large in the first `bent` lists of calls."""

    def __init__(self, bent):
        self.bent = bent
        self.lists = []

    def __call__(self, calls, fill=False):
        self.lists.append(calls)
        return [self.call(call, 1.1 if len(self.lists) <= self.bent else 1.0) for call in calls]

    def call(self, call, factor):
        given = {name: part.clone().requires_grad_() for name, part in call.arguments.items()}
        o = given["beta"].unsqueeze(-1) * given["k"] * given["v"] + 0 * given["q"]
        told = {}
        if call.cotangent is not None:
            (o * call.cotangent).sum().backward()
            told = {name: part.grad * (factor if o.dtype == torch.float32 else 1) for name, part in given.items()}
        return ProbeResult(o.detach(), (), False, told, (), 0)


def asked(bent):
    calls = Calls(bent)
    op = OpUnderTest(read_declaration(baseline_path(TEMPLATE)), SMOKE, calls, seed=5)
    return calls, op


def test_a_gradient_of_the_function_is_asked_for_once():
    calls, op = asked(bent=0)
    gradients(op)
    assert len(calls.lists) == 1


def test_a_gradient_that_float32_loses_is_asked_for_with_other_numbers():
    calls, op = asked(bent=1)
    gradients(op)
    first, second = calls.lists
    assert [call.length for call in first] == [call.length for call in second]
    for one, other in zip(first, second, strict=True):
        assert not torch.equal(one.arguments["v"], other.arguments["v"])


def test_a_gradient_that_float32_always_loses_is_refused():
    _, op = asked(bent=2)
    with pytest.raises(GradientLost, match=r"in float32 and that in float64 are 0\.1 of the largest apart"):
        gradients(op)
