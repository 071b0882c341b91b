"""What a variant must show before any training is spent on it. Each probe is a few questions and a judgement.

The questions are drawn here, with secret numbers, and asked in fresh confined processes; the answers are judged here,
where no line of the variant runs. All of it happens on the CPU, on one thread: there an honest op gives the same bits
whenever it is given the same numbers, and what a probe compares is compared exactly. What is trained is asked again
while it is tested: see agent/evaluator/controls.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from agent.evaluator import protocol
from agent.evaluator.contract import sample_call
from agent.evaluator.exam import EvaluationFailed
from agent.evaluator.questions import Answer, Question
from agent.evaluator.variant import OP, Declaration
from agent.score import Failure


class Ask(Protocol):
    """Asks an op some questions, each time in a fresh process; with `fill`, in memory that is full of NaN at first."""

    def __call__(self, questions: Sequence[Question], fill: bool = False) -> list[Answer]: ...


# Of the largest output, in float32: what an op may lose that is fed in pieces. Of the known variants and moves the most
# is 6e-8.
LOST_IN_PIECES = 1e-5
# Of a finite difference, in units of the inputs' spread: the small one for an op that bends sharply, the large one for
# an op that rounds to float32 somewhere. A gradient that is not the function's own agrees with neither.
STEPS = (1e-3, 1e-6)
GRADIENT_TOLERANCE = 0.02
# How much more four times the tokens may cost: four for a linear op, sixteen for a quadratic one.
LARGEST_GROWTH = 6.0
LARGEST_STATE = 1 << 20  # numbers a head and sequence


class ProbeFailed(EvaluationFailed):
    """A variant breaks a rule of the op. The reason names the probe, what was seen, and what to change."""

    def __init__(self, probe: str, evidence: str, change: str) -> None:
        super().__init__(Failure("refused", f"{probe}: {evidence}; {change}"))


@dataclass(frozen=True)
class Bench:
    """An op on the bench: what it declares, the sizes it will have, and how to ask it."""

    declaration: Declaration
    protocol: protocol.Protocol
    ask: Ask
    seed: int

    @property
    def chunk(self) -> int:
        return self.protocol.chunk_size

    def question(self, length: int, draw: int, batch: int = 2, dtype: torch.dtype = torch.float32) -> Question:
        """Random arguments; `draw` tells one from another."""
        device = torch.device("cpu")
        call = sample_call(self.declaration, self.protocol, batch, length, device, self.seed + draw)
        arguments = dict(zip(("q", "k", "v", "beta"), call.positional, strict=True)) | call.learned
        return Question({name: part.detach().to(dtype) for name, part in arguments.items()}, self.chunk)

    def per_token(self, name: str) -> bool:
        """Whether an argument has a token dimension, the third, as all have but learned parameters."""
        return name not in self.declaration.parameters

    def splice(self, one: Question, other: Question, cut: int, scale: float = 1.0) -> Question:
        """The tokens of one question up to a cut, then those of another, made `scale` times as large."""

        def spliced(name: str, part: Tensor) -> Tensor:
            if not self.per_token(name):
                return part
            late = other.arguments[name][:, :, cut:]
            return torch.cat([part[:, :, :cut], late if name == "beta" else scale * late], dim=2)

        return replace(one, arguments={name: spliced(name, part) for name, part in one.arguments.items()})

    def tokens(self, question: Question, start: int, stop: int) -> Question:
        """A part of a question's tokens."""
        parts = question.arguments.items()
        return replace(
            question,
            arguments={name: part[:, :, start:stop] if self.per_token(name) else part for name, part in parts},
        )


def run_probes(bench: Bench) -> None:
    """All probes, the most telling first. Raises ProbeFailed at the first that fails."""
    for probe in (repeats, causality, batch_independence, streaming, growth, gradients):
        probe(bench)


def repeats(bench: Bench) -> None:
    """The same arguments give the same bits: twice in a row, after others, after those others in a fresh process."""
    length = 2 * bench.chunk + 3
    x, z = bench.question(length, 0), bench.question(length, 1)
    first, again, other, last = bench.ask([x, x, z, x])
    fresh_z, fresh_x = bench.ask([z, x])
    (filled,) = bench.ask([x], fill=True)
    _finite(filled, "where memory holds NaN before it is written")
    for answer in (first, other):
        if answer.changed:
            raise ProbeFailed(
                "inputs unchanged",
                f"{OP} writes into its argument {answer.changed[0]}",
                "work on a copy: no in-place operation on an argument or a view of one",
            )
        _finite(answer, "for ordinary inputs")
    if not _same(first.o, again.o):
        raise ProbeFailed(
            "determinism",
            f"two calls with the same arguments differ by {_difference(first.o, again.o):.2g}",
            "draw no random numbers and read no memory that was not written",
        )
    if not (_same(first.o, last.o) and _same(first.o, fresh_x.o) and _same(other.o, fresh_z.o)):
        seen = max(_difference(a.o, b.o) for a, b in ((first, last), (first, fresh_x), (other, fresh_z)))
        raise ProbeFailed(
            "statelessness",
            f"a call answers differently after other calls, by {seen:.2g}",
            "keep nothing between calls: no global, attribute, default argument or cache",
        )


def causality(bench: Bench) -> None:
    """No output changes when later tokens are replaced, by ordinary ones or by some thirty times as large."""
    chunk = bench.chunk
    near = {1, chunk // 2, chunk - 1, chunk, chunk + 1, 2 * chunk - 1, 2 * chunk, 2 * chunk + 2}
    plan = {2 * chunk + 3: sorted(near), 4 * chunk: [chunk // 2 + 1, 2 * chunk, 3 * chunk + 5]}
    for length in sorted({replica.setting.input_length for replica in bench.protocol.replicas()})[-2:]:
        plan.setdefault(length, [length // 3, length - 1])
    cases, questions = [], []
    for length, cuts in plan.items():
        base, other = bench.question(length, length), bench.question(length, length + 1)
        # With and without gradients, so that whoever would tell a probe from training by them cannot.
        questions.append(replace(base, cotangent=torch.ones_like(base.arguments["v"])))
        start = len(questions) - 1
        for cut in cuts:
            for scale in (1.0, 30.0):
                cases.append((start, len(questions), cut))
                questions.append(bench.splice(base, other, cut, scale))
    answers = bench.ask(questions)
    for base_index, index, cut in cases:
        before, after = answers[base_index].o[:, :, :cut], answers[index].o[:, :, :cut]
        if not _same(before, after):
            position = int((before != after).flatten(3).any(-1).flatten(0, 1).any(0).nonzero()[0])
            raise ProbeFailed(
                "causality",
                f"with {questions[index].length} tokens, output {position} changes by {_difference(before, after):.2g} "
                f"when the tokens from {cut} on are replaced",
                "an output may depend on its own token and earlier ones alone: look at masks (tril, not triu or none), "
                "at means, maxima and norms over time, and at shifts",
            )


def batch_independence(bench: Bench) -> None:
    """A sequence's outputs do not change with the other sequences of its batch."""
    length = 2 * bench.chunk + 3
    x, z = bench.question(length, 0), bench.question(length, 1)

    def rows(first: Question, second: Question) -> Question:
        parts = first.arguments.items()
        mixed = {name: torch.cat([part[:1], second.arguments[name][1:]]) for name, part in parts}
        return replace(first, arguments=mixed)

    together, left, right = bench.ask([x, rows(x, z), rows(z, x)])
    for row, answer in ((0, left), (1, right)):
        if not _same(together.o[row], answer.o[row]):
            raise ProbeFailed(
                "batch independence",
                f"a sequence's outputs change by {_difference(together.o[row], answer.o[row]):.2g} with its neighbours",
                "take no mean, maximum, norm or sum over dimension 0",
            )


def streaming(bench: Bench) -> None:
    """Fed in pieces with the state carried over, each in a fresh process, an op computes what it computes at once."""
    chunk = bench.chunk
    pieces = (chunk, 2 * chunk, chunk, 7)  # cut between chunks: what is done within a chunk needs the whole of it
    whole = bench.question(sum(pieces), 3)
    (expected,) = bench.ask([whole])
    _check_state(expected.state)
    start, is_tuple = 0, False
    state: tuple[Tensor, ...] = ()
    for piece in pieces:
        part = bench.tokens(whole, start, start + piece)
        (answer,) = bench.ask([replace(part, state=state, state_is_tuple=is_tuple)])
        if [part.shape for part in answer.state] != [part.shape for part in expected.state]:
            raise ProbeFailed(
                "state size",
                f"after {start + piece} tokens the state has shapes {_shapes(answer.state)}, after {whole.length} "
                f"tokens {_shapes(expected.state)}",
                "the state must have one size, whatever the length",
            )
        _finite(answer, f"after {start} tokens with their state carried over")
        lost = (answer.o - expected.o[:, :, start : start + piece]).abs().max() / expected.o.abs().max()
        if not lost <= LOST_IN_PIECES:
            raise ProbeFailed(
                "streaming",
                f"tokens {start} to {start + piece}, computed from the state of those before, differ by {lost:.2g} of "
                "the largest output from the whole",
                "all that later tokens need of earlier ones must be in the state, and initial_state must be used",
            )
        start, state, is_tuple = start + piece, answer.state, answer.state_is_tuple


def growth(bench: Bench) -> None:
    """Four times the tokens cost four times as much, not sixteen."""
    short, long = (replace(bench.question(times * bench.chunk, 5, 1), effort=True) for times in (4, 16))
    few, many = bench.ask([short, long])
    if many.effort > LARGEST_GROWTH * few.effort:
        raise ProbeFailed(
            "growth",
            f"{long.length} tokens cost {many.effort / max(few.effort, 1):.1f} times as much as {short.length}",
            "the cost must grow with L, not with its square: work within chunks and carry a state between them",
        )


def gradients(bench: Bench) -> None:
    """The gradient is finite and that of the function: against finite differences in a random direction, float64."""
    x = bench.question(bench.chunk + 3, 7, dtype=torch.float64)
    chance = torch.Generator().manual_seed(bench.seed)

    def normal(like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=chance, dtype=torch.float64)

    cotangent = normal(x.arguments["v"])
    weights = {name: normal(part) for name, part in x.arguments.items()}
    weights["beta"] *= 0.1  # it lies between 0 and 1

    def moved(step: float) -> Question:
        return replace(x, arguments={name: part + step * weights[name] for name, part in x.arguments.items()})

    here, *around = bench.ask(
        [replace(x, cotangent=cotangent), *(moved(sign * step) for step in STEPS for sign in (1, -1))]
    )
    if broken := [name for name, gradient in here.gradients.items() if not gradient.isfinite().all()]:
        raise ProbeFailed(
            "gradients",
            f"the gradient of {broken[0]} is not finite for ordinary inputs",
            "look for a division by zero, a square root or a logarithm at zero, or an overflow",
        )
    slopes = {name: float((gradient * weights[name]).sum()) for name, gradient in here.gradients.items()}
    told = sum(slopes.values())
    size = max(abs(told), sum(slope**2 for slope in slopes.values()) ** 0.5)
    seen = [
        float(((ahead.o - behind.o).double() * cotangent).sum()) / (2 * step)
        for step, ahead, behind in zip(STEPS, around[::2], around[1::2], strict=True)
    ]
    if not any(abs(told - slope) <= GRADIENT_TOLERANCE * max(size, abs(slope)) for slope in seen):
        raise ProbeFailed(
            "gradients",
            f"along a random direction the gradient says {told:.4g}, differences say {seen[0]:.4g} and {seen[1]:.4g}",
            "the gradient must be that of the function: no detach, no rounding, no backward of your own that differs",
        )


def _check_state(state: tuple[Tensor, ...]) -> None:
    numbers = sum(part[0].numel() for part in state)
    if numbers > LARGEST_STATE:
        raise ProbeFailed(
            "state size",
            f"the state of one sequence holds {numbers:,} numbers",
            f"at most {LARGEST_STATE:,} are allowed",
        )


def _finite(answer: Answer, when: str) -> None:
    if not all(part.isfinite().all() for part in (answer.o, *answer.state)):
        raise ProbeFailed(
            "finite numbers", f"{OP} returned numbers that are not finite {when}", "look for overflow or empty memory"
        )


def _same(one: Tensor, other: Tensor) -> bool:
    """Bit for bit; what is not a number equals nothing."""
    return torch.equal(one, other)


def _difference(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


def _shapes(state: tuple[Tensor, ...]) -> str:
    return ", ".join(str(tuple(part.shape[1:])) for part in state)
