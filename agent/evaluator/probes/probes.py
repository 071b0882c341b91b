"""What a variant must show before any training is spent on it. Each probe is a few calls and a judgement.

The calls are drawn here, with secret numbers, and made in fresh confined processes; the results are judged here,
where no line of the variant runs. All of it happens on the CPU, on one thread: there an honest op gives the same bits
whenever it is given the same numbers, and what a probe compares is compared exactly; what differs is rounding or none
(agent/evaluator/probes/rounding.py). What is trained is asked again while it is tested: see
agent/evaluator/probes/controls.py.
"""

from dataclasses import replace

import torch
from torch import Tensor

from agent.core.reason import Field
from agent.evaluator.probes.gradient import GradientLost, check_slopes, largest
from agent.evaluator.probes.op_under_test import OpUnderTest, ProbeFailed, difference, normal_like
from agent.evaluator.probes.probe_calls import ProbeCall
from agent.evaluator.probes.rounding import require_rounding
from agent.evaluator.probes.streaming import check_finite, check_lengths_of_pieces, check_streams

# How much more four times the tokens may cost: four for a linear op, sixteen for a quadratic one.
LARGEST_GROWTH = 6.0
# Of the largest output or gradient, in float32: what the products of a large batch may round otherwise.
LOST_IN_CROWD = 1e-4


def run_probes(op: OpUnderTest) -> None:
    """All probes, the most telling first. Raises ProbeFailed at the first that fails."""
    for probe in (repeats, causality, batch_independence, streaming, growth, gradients, crowds):
        probe(op)


def repeats(op: OpUnderTest) -> None:
    """The same arguments give the same bits: twice in a row, after others, after those others in a fresh process."""
    length = 2 * op.chunk + 3
    x, z = op.random_call(length, 0), op.random_call(length, 1)
    first, again, other, last = op.run([x, x, z, x])
    fresh_z, fresh_x = op.run([z, x])
    (filled,) = op.run([x], fill=True)
    check_finite(filled, "failure.not_finite_in_nan")
    for result in (first, other):
        check_finite(result, "failure.not_finite")
    if not _same(first.o, again.o):
        raise ProbeFailed("failure.random", difference=f"{difference(first.o, again.o):.2g}")
    if not (_same(first.o, last.o) and _same(first.o, fresh_x.o) and _same(other.o, fresh_z.o)):
        seen = max(difference(a.o, b.o) for a, b in ((first, last), (first, fresh_x), (other, fresh_z)))
        raise ProbeFailed("failure.stateful", difference=f"{seen:.2g}")


def causality(op: OpUnderTest) -> None:
    """No output changes when later tokens are replaced, by ordinary ones or by some thirty times as large."""
    chunk = op.chunk
    near = {1, chunk // 2, chunk - 1, chunk, chunk + 1, 2 * chunk - 1, 2 * chunk, 2 * chunk + 2}
    plan = {2 * chunk + 3: sorted(near), 4 * chunk: [chunk // 2 + 1, 2 * chunk, 3 * chunk + 5]}
    for length in sorted({replica.setting.input_length for replica in op.protocol.replicas()})[-2:]:
        plan.setdefault(length, [length // 3, length - 1])
    cases, calls = [], []
    for length, cuts in plan.items():
        base, other = op.random_call(length, length), op.random_call(length, length + 1)
        # With and without gradients, so that an op cannot tell a probe from training by them.
        calls.append(replace(base, cotangent=torch.ones_like(base.arguments["v"])))
        start = len(calls) - 1
        for cut in cuts:
            for scale in (1.0, 30.0):
                cases.append((start, len(calls), cut))
                calls.append(op.splice(base, other, cut, scale))
    results = op.run(calls)
    for base_index, _, _ in cases:
        check_finite(results[base_index], "failure.not_finite")
    for base_index, index, cut in cases:
        before, after = results[base_index].o[:, :, :cut], results[index].o[:, :, :cut]
        if not _same(before, after):
            if not after.isfinite().all():
                raise ProbeFailed("failure.not_finite_before", cut=cut)
            position = int((before != after).flatten(3).any(-1).flatten(0, 1).any(0).nonzero()[0])
            seen: dict[str, Field] = {
                "length": calls[index].length,
                "position": position,
                "difference": f"{difference(before, after):.2g}",
                "cut": cut,
            }
            pair = calls[base_index], calls[index]
            require_rounding(
                op, pair, (before, after), (slice(None), slice(None), slice(cut)), "failure.causality", **seen
            )


def batch_independence(op: OpUnderTest) -> None:
    """A sequence's outputs do not change with the other sequences of its batch."""
    length = 2 * op.chunk + 3
    x, z = op.random_call(length, 0), op.random_call(length, 1)

    def rows(first: ProbeCall, second: ProbeCall) -> ProbeCall:
        parts = first.arguments.items()
        mixed = {name: torch.cat([part[:1], second.arguments[name][1:]]) for name, part in parts}
        return replace(first, arguments=mixed)

    mixed = (rows(x, z), rows(z, x))
    together, *results = op.run([x, *mixed])
    for row, (asked, result) in enumerate(zip(mixed, results, strict=True)):
        if not _same(together.o[row], result.o[row]):
            seen = f"{difference(together.o[row], result.o[row]):.2g}"
            mine = slice(row, row + 1)
            outputs = together.o[mine], result.o[mine]
            require_rounding(op, (x, asked), outputs, (mine,), "failure.neighbours", difference=seen)


def streaming(op: OpUnderTest) -> None:
    """Fed in pieces, an op computes what it computes at once: with random calls, and with real ones."""
    random = [op.random_call(length, 3 + length) for length in (4 * op.chunk + 7, 6 * op.chunk)]
    check_streams(op, [*random, *(real for shape in op.every_shape() for real in op.real_calls(shape))])
    check_lengths_of_pieces(op)


def crowds(op: OpUnderTest) -> None:
    """In a batch as large as that of training, with gradients, a sequence fares as it does among two."""
    alone = [
        replace(real, cotangent=normal_like(real.arguments["v"], op.seed))
        for shape in (op.shapes()[0], op.shapes()[-1])
        for real in op.real_calls(shape)[:1]
    ]
    crowd = [replace(call, copies=op.crowd(call)) for call in alone]
    for one, many, call in zip(op.run(alone), op.run(crowd), crowd, strict=True):
        sizes = {"many": call.copies * len(one.o), "few": len(one.o)}
        lost = difference(one.o, many.o) / largest({"o": one.o})["o"]
        if not lost <= LOST_IN_CROWD:
            raise ProbeFailed("failure.outputs_in_crowd", **sizes, lost=f"{lost:.2g}")
        for name, scale in largest(one.gradients).items():
            lost = difference(one.gradients[name], many.gradients[name]) / scale
            if not lost <= LOST_IN_CROWD:
                raise ProbeFailed("failure.gradients_in_crowd", name=name, **sizes, lost=f"{lost:.2g}")


def growth(op: OpUnderTest) -> None:
    """Four times the tokens cost four times as much, not sixteen: of one sequence, and of a batch as in training."""
    short, long = (replace(op.random_call(times * op.chunk, 5, 1), effort=True) for times in (4, 16))
    pairs = [(replace(short, copies=copies), replace(long, copies=copies)) for copies in (1, op.crowd(long))]
    results = iter(op.run([call for pair in pairs for call in pair]))
    for few, many in zip(results, results, strict=True):
        if many.effort > LARGEST_GROWTH * few.effort:
            times = f"{many.effort / max(few.effort, 1):.1f}"
            raise ProbeFailed("failure.growth", long=long.length, times=times, short=short.length)


def gradients(op: OpUnderTest) -> None:
    """The gradient is finite and that of the function, for random calls and for real ones of the task's lengths.

    An honest op that divides by what may be next to nothing loses float32 for about one draw in a thousand, and one
    that switches may do so within a step; a bent gradient is bent for every draw. So where a gradient is lost, other
    calls are asked about before the op is refused.
    """
    try:
        check_slopes(op, _calls_of_gradients(op))
    except GradientLost:
        other = op.drawn_anew()
        check_slopes(other, _calls_of_gradients(other))


def _calls_of_gradients(op: OpUnderTest) -> list[ProbeCall]:
    random = op.random_call(3 * op.chunk + 3, 7)
    return [random, *(real for shape in op.shapes() for real in op.real_calls(shape))]


def _same(one: Tensor, other: Tensor) -> bool:
    """Bit for bit; what is not a number equals nothing."""
    return torch.equal(one, other)
