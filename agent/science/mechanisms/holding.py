"""Which mechanisms a proposal holds: those that are found in its code, and those that its author named."""

from dataclasses import replace

from agent.core.run import Proposal
from agent.science.mechanisms.table import recognised


def mechanisms_of(proposal: Proposal) -> frozenset[str]:
    """What a variant is made of, in the words of the table; of an older run, what is found in its code now."""
    if proposal.mechanisms is None:
        return recognised(proposal.source)
    return frozenset(proposal.mechanisms)


def with_mechanisms(proposal: Proposal, named: frozenset[str] = frozenset()) -> Proposal:
    """The same proposal with what it holds written down, so that nobody has to read its code again."""
    if proposal.mechanisms is not None:
        return proposal
    return replace(proposal, mechanisms=tuple(sorted(recognised(proposal.source) | named)))
