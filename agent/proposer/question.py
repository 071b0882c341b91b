"""What a model is asked: the rules, the parent's code, and of all that is known as much as fits."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from agent import kernels
from agent.core.run import OlderNote, Run
from agent.evaluator.contract.variant import ALLOWED_IMPORTS, OP
from agent.evaluator.tasks import TASKS
from agent.llm.prompts import Prompt, quoted, render
from agent.llm.tokens import estimate
from agent.proposer import NothingToPropose
from agent.proposer.briefing import NOTHING_KNOWN, brief
from agent.proposer.code_shown import code_beside
from agent.proposer.kinds import Request
from agent.proposer.shares import Fitted
from agent.science.history import History, card_of
from agent.science.mechanisms.table import RECOGNISERS
from agent.store.synthesis import Synthesis

HERE = Path(__file__).parent
CODE_SHARE = 4  # a file may take one part in so many of a prompt
LEAST_KNOWN = 500  # tokens that must be left for what is known
IDEA = 400  # tokens


def prompt_for(
    history: History,
    request: Request,
    older: Sequence[OlderNote],
    tokens: int,
    with_curves: Callable[[Run], Run] = lambda run: run,
    synthesis: Synthesis | None = None,
) -> Prompt:
    """All that a model is told, in at most so many tokens. NothingToPropose if the parents alone fill them."""
    left = tokens - length_without_evidence(history, request, tokens)
    if left < LEAST_KNOWN:
        raise NothingToPropose(f"{' and '.join(request.parents)} is too long for a prompt of {tokens} tokens")
    return _rendered(history, request, tokens, brief(history, request, older, left, with_curves, synthesis))


def length_without_evidence(history: History, request: Request, tokens: int) -> int:
    """The tokens of a prompt that tells the rules and the parents alone."""
    bare = _rendered(history, request, tokens, NOTHING_KNOWN)
    return estimate(bare.rules) + estimate(bare.question)


def longest_code(tokens: int) -> int:
    """The tokens of the longest file that is wanted in answer to a prompt of so many."""
    return tokens // CODE_SHARE


def _rendered(history: History, request: Request, tokens: int, known: Mapping[str, Fitted]) -> Prompt:
    parent, other = request.parent, request.other
    return render(
        HERE / "propose.j2",
        op=OP,
        imports=", ".join(ALLOWED_IMPORTS),
        kernels=kernel_lines(),
        longest=longest_code(tokens),
        idea=quoted(request.idea, IDEA) if request.idea else "",
        parent=parent.name,
        code=parent.proposal.source.rstrip(),
        tasks=[task for task in TASKS if task.name in card_of(parent).tasks],
        other=f"{other.name}, {code_beside(other, parent)}" if other else "",
        asks=request.words(history),
        known=known,
        mechanisms=[*RECOGNISERS],
    )


def kernel_lines() -> list[str]:
    """What a variant may import from agent.kernels: each function with its arguments and what it is for."""
    functions = [getattr(kernels, name) for name in kernels.__all__]
    return [
        f"{function.__name__}{inspect.signature(function)}: {(function.__doc__ or '').strip().splitlines()[0]}"
        for function in functions
    ]
