"""Whether outputs that differ by a little do so for rounding, or for what an op must not look at.

An inverse, a general solve or a Fourier transform adds up numbers of many tokens on the way to each output, and what is
added to a number decides how it is rounded. In float64 such a difference all but vanishes; a look ahead stays as large.
"""

from dataclasses import replace

from torch import Tensor

from agent.core.reason import Field
from agent.evaluator.probes.op_under_test import OpUnderTest, ProbeFailed
from agent.evaluator.probes.probe_calls import ProbeCall

# Of the largest number of a token's output, in float64 for the worst token, in float32 for the mean one. By rounding,
# solves and inverses that mix tokens move some of them, by 1e-7 on the mean; a Fourier transform moves all, by
# 6e-6 at least. Between the two the same file could be taken on one day and refused on another.
NOTHING_IN_DOUBLE = 1e-10
MOST_ROUNDING = 1e-6


def apart_by_token(one: Tensor, other: Tensor) -> Tensor:
    """Two outputs (..., V) -> (...): their largest difference at each token, as a part of its largest number."""
    largest = one.abs().amax(-1).maximum(other.abs().amax(-1))
    return (one - other).abs().amax(-1) / largest.clamp_min(1e-30)


def require_rounding(
    op: OpUnderTest,
    calls: tuple[ProbeCall, ProbeCall],
    outputs: tuple[Tensor, Tensor],
    kept: tuple[slice, ...],
    key: str,
    **seen: Field,
) -> None:
    """Let outputs pass that two calls should have in common and that differ by rounding alone.

    `outputs` are the common part `kept` of what the calls gave, (B, H, L, V).

    Raises ProbeFailed with the reason of `key` where they differ in float64 as well, and says so where the rounding is
    too large to be told from anything else.
    """
    one, other = (
        result.o[kept]
        for result in op.run(
            [
                replace(call, arguments={name: part.double() for name, part in call.arguments.items()}, cotangent=None)
                for call in calls
            ]
        )
    )
    in_double = float(apart_by_token(one, other).max())
    if not in_double <= NOTHING_IN_DOUBLE:
        raise ProbeFailed(key, **seen)
    in_single = float(apart_by_token(*outputs).mean())
    if not in_single <= MOST_ROUNDING:
        found: dict[str, Field] = {"lost": f"{in_single:.2g}", "double": f"{in_double:.2g}"}
        raise ProbeFailed("failure.rounding", **found)
