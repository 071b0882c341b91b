"""A variant whose op takes parameters, trained with a SwiGLU that is narrow enough to pay for them."""

import pytest

from agent.core.baselines import TEMPLATE, baseline_path, published_paths
from agent.core.errors import UsageError
from agent.evaluator.check import parameter_count
from agent.evaluator.contract.declaration import Declaration, LearnedParameter
from agent.evaluator.contract.variant import read_declaration
from agent.evaluator.equal_parameters import at_equal_parameters
from agent.evaluator.protocols import QUICK

ALLOWED = parameter_count(read_declaration(baseline_path(TEMPLATE)), QUICK)


def test_the_template_keeps_its_protocol():
    assert at_equal_parameters(read_declaration(baseline_path(TEMPLATE)), QUICK) == QUICK


@pytest.mark.parametrize("name", ["kda", "cyfa", "gated_delta_product"])
def test_the_widest_swiglu_that_pays_for_the_op_is_taken(name):
    declaration = read_declaration(published_paths()[name])
    narrowed = at_equal_parameters(declaration, QUICK)
    one_wider = type(QUICK)(**{**vars(narrowed), "inner": narrowed.inner + 1})
    assert parameter_count(declaration, narrowed) <= ALLOWED < parameter_count(declaration, one_wider)
    assert narrowed.fingerprint != QUICK.fingerprint


def test_what_no_swiglu_can_pay_for_is_refused():
    memory = LearnedParameter(shape=("key", 2048), low=0.0, high=0.0)
    with pytest.raises(UsageError, match="declare fewer, or leave out --equal-parameters"):
        at_equal_parameters(Declaration(inputs={}, parameters={"memory": memory}), QUICK)
