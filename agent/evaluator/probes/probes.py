"""What a variant must show before any training is spent on it. Each probe is a few questions and a judgement.

The questions are drawn here, with secret numbers, and asked in fresh confined processes; the answers are judged here,
where no line of the variant runs. All of it happens on the CPU, on one thread: there an honest op gives the same bits
whenever it is given the same numbers, and what a probe compares is compared exactly. What is trained is asked again
while it is tested: see agent/evaluator/probes/controls.py.
"""

from dataclasses import replace

import torch
from torch import Tensor

from agent.evaluator.probes.asking import Bench, ProbeFailed, difference, normal_like
from agent.evaluator.probes.gradient import check_slopes, largest
from agent.evaluator.probes.questions import Question
from agent.evaluator.probes.streaming import check_finite, check_streams

# How much more four times the tokens may cost: four for a linear op, sixteen for a quadratic one.
LARGEST_GROWTH = 6.0
# Of the largest output or gradient, in float32: what the products of a large batch may round otherwise.
LOST_IN_CROWD = 1e-4


def run_probes(bench: Bench) -> None:
    """All probes, the most telling first. Raises ProbeFailed at the first that fails."""
    for probe in (repeats, causality, batch_independence, streaming, growth, gradients, crowds):
        probe(bench)


def repeats(bench: Bench) -> None:
    """The same arguments give the same bits: twice in a row, after others, after those others in a fresh process."""
    length = 2 * bench.chunk + 3
    x, z = bench.question(length, 0), bench.question(length, 1)
    first, again, other, last = bench.ask([x, x, z, x])
    fresh_z, fresh_x = bench.ask([z, x])
    (filled,) = bench.ask([x], fill=True)
    check_finite(filled, "where memory holds NaN before it is written")
    for answer in (first, other):
        check_finite(answer, "for ordinary inputs")
    if not _same(first.o, again.o):
        raise ProbeFailed(
            "determinism",
            f"two calls with the same arguments differ by {difference(first.o, again.o):.2g}",
            "draw no random numbers and read no memory that was not written",
        )
    if not (_same(first.o, last.o) and _same(first.o, fresh_x.o) and _same(other.o, fresh_z.o)):
        seen = max(difference(a.o, b.o) for a, b in ((first, last), (first, fresh_x), (other, fresh_z)))
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
                f"with {questions[index].length} tokens, output {position} changes by {difference(before, after):.2g} "
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
                f"a sequence's outputs change by {difference(together.o[row], answer.o[row]):.2g} with its neighbours",
                "take no mean, maximum, norm or sum over dimension 0",
            )


def streaming(bench: Bench) -> None:
    """Fed in pieces, an op computes what it computes at once: with random questions, and with real ones."""
    random = [bench.question(length, 3 + length) for length in (4 * bench.chunk + 7, 6 * bench.chunk)]
    check_streams(bench, [*random, *(real for shape in bench.shapes() for real in bench.real_questions(shape))])


def crowds(bench: Bench) -> None:
    """In a batch as large as that of training, with gradients, a sequence fares as it does among two."""
    alone = [
        replace(real, cotangent=normal_like(real.arguments["v"], bench.seed))
        for shape in (bench.shapes()[0], bench.shapes()[-1])
        for real in bench.real_questions(shape)[:1]
    ]
    crowd = [replace(question, copies=bench.crowd(question)) for question in alone]
    for one, many, question in zip(bench.ask(alone), bench.ask(crowd), crowd, strict=True):
        told = {"outputs": (one.o, many.o, largest({"o": one.o})["o"])}
        scales = largest(one.gradients)
        told |= {f"gradients of {name}": (one.gradients[name], many.gradients[name], scales[name]) for name in scales}
        for name, (left, right, scale) in told.items():
            lost = difference(left, right) / scale
            if not lost <= LOST_IN_CROWD:
                raise ProbeFailed(
                    "batch independence",
                    f"the {name} of a sequence in a batch of {question.copies * len(left)} and in one of {len(left)} "
                    f"are {lost:.2g} of the largest apart",
                    "compute each sequence alike, however many there are",
                )


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
    """The gradient is finite and that of the function, for random questions and for real ones of the task's lengths."""
    random = bench.question(3 * bench.chunk + 3, 7)
    check_slopes(bench, [random, *(real for shape in bench.shapes() for real in bench.real_questions(shape))])


def _same(one: Tensor, other: Tensor) -> bool:
    """Bit for bit; what is not a number equals nothing."""
    return torch.equal(one, other)
