"""A protocol in which a variant has no more parameters than the template: what its op takes, the SwiGLU gives back."""

from dataclasses import replace

from agent.core.errors import UsageError
from agent.evaluator.check import parameter_count
from agent.evaluator.contract.declaration import Declaration
from agent.evaluator.protocol import Protocol

TEMPLATE = Declaration(inputs={}, parameters={})


def at_equal_parameters(declaration: Declaration, protocol: Protocol) -> Protocol:
    """The protocol with the widest SwiGLU that keeps the variant at or below the template's parameters.

    The template is counted under the protocol as it is. The narrowed protocol has a fingerprint of its own. UsageError
    where no SwiGLU is narrow enough.
    """
    allowed = parameter_count(TEMPLATE, protocol)
    taken = parameter_count(declaration, protocol)
    a_unit = taken - parameter_count(declaration, replace(protocol, inner=protocol.inner - 1))
    inner = protocol.inner - max(0, -(-(taken - allowed) // a_unit))
    if inner < 1:
        raise UsageError(
            f"the op alone takes {taken - allowed:,} parameters more than the template's, and the SwiGLU has "
            f"{protocol.inner * a_unit:,} to give back: declare fewer, or leave out --equal-parameters"
        )
    return replace(protocol, inner=inner)
