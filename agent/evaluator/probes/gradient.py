"""The probe of the gradient: whether it is that of the function, against differences in a random direction.

A gradient that is bent, by detaching, by rounding or by a backward of its own, trains another function than the one
that is tested. It is asked for random calls and for real ones, in float64 and as it is used, in float32.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from agent.evaluator.probes.op_under_test import OpUnderTest, ProbeFailed, difference, normal_like
from agent.evaluator.probes.probe_calls import ProbeCall, ProbeResult

# Of a finite difference, in units of the inputs' spread: the small one for an op that bends sharply or switches, the
# large one for an op that rounds to float32 somewhere. A gradient that is not the function's own agrees with neither.
STEPS = (1e-3, 1e-8)
TOLERANCE = 0.02
NEXT_TO_NOTHING = 1e-3  # a gradient so much smaller than another may be nothing but rounding


class GradientLost(ProbeFailed):
    """A gradient is not that of the function or not the same in both types: it is bent, or these numbers lie where the
    op is steep or switches."""


def check_slopes(op: OpUnderTest, calls: Sequence[ProbeCall]) -> None:
    """Ask for the gradient at each call, all in one process.

    Raises ProbeFailed where one is not the function's; that is a GradientLost where it is finite.
    """
    slopes = [Slope.of(call, op.seed) for call in calls]
    asked = [slope.calls() for slope in slopes]
    results = iter(op.run([call for each in asked for call in each]))
    for slope, each in zip(slopes, asked, strict=True):
        slope.check([next(results) for _ in each])


@dataclass(frozen=True)
class Slope:
    """Whether a gradient is that of the function: against differences in a random direction, and in both precisions."""

    single: ProbeCall  # as asked, in float32; the rest is in float64
    double: ProbeCall
    cotangent: Tensor
    direction: Mapping[str, Tensor]

    @classmethod
    def of(cls, call: ProbeCall, seed: int) -> "Slope":
        arguments = {name: part.double() for name, part in call.arguments.items()}
        # Each argument is moved by what it varies; beta lies between 0 and 1.
        scales = {name: 0.1 if name == "beta" else float(part.std(correction=0)) for name, part in arguments.items()}
        direction = {
            name: (scales[name] or 1.0) * normal_like(part, seed + place)
            for place, (name, part) in enumerate(arguments.items(), start=1)
        }
        return cls(call, replace(call, arguments=arguments), normal_like(arguments["v"], seed), direction)

    def calls(self) -> list[ProbeCall]:
        """The gradient in float32 and in float64, then the outputs a step ahead and a step behind, for each step."""
        return [
            replace(self.single, cotangent=self.cotangent.float()),
            replace(self.double, cotangent=self.cotangent),
            *(self._moved(sign * step) for step in STEPS for sign in (1, -1)),
        ]

    def _moved(self, step: float) -> ProbeCall:
        parts = self.double.arguments.items()
        return replace(self.double, arguments={name: part + step * self.direction[name] for name, part in parts})

    def check(self, results: Sequence[ProbeResult]) -> None:
        """Raises ProbeFailed where the results of the calls do not fit each other, as `check_slopes` does."""
        single, here, *around = results
        if broken := [name for name, gradient in here.gradients.items() if not gradient.isfinite().all()]:
            raise ProbeFailed("failure.gradient_not_finite", name=broken[0])
        slopes = [float((gradient * self.direction[name]).sum()) for name, gradient in here.gradients.items()]
        told = sum(slopes)
        size = max(abs(told), sum(slope**2 for slope in slopes) ** 0.5)
        seen = [
            float(((ahead.o - behind.o).double() * self.cotangent).sum()) / (2 * step)
            for step, ahead, behind in zip(STEPS, around[::2], around[1::2], strict=True)
        ]
        if not any(abs(told - slope) <= TOLERANCE * max(size, abs(slope)) for slope in seen):
            raise GradientLost(
                "failure.gradient_slope",
                length=self.single.length,
                told=f"{told:.4g}",
                large_step=f"{seen[0]:.4g}",
                small_step=f"{seen[1]:.4g}",
            )
        for name, scale in largest(here.gradients).items():
            lost = difference(here.gradients[name], single.gradients[name].double()) / scale
            if not lost <= TOLERANCE:
                raise GradientLost("failure.gradient_precision", name=name, lost=f"{lost:.2g}")


def largest(gradients: Mapping[str, Tensor]) -> dict[str, float]:
    """The largest number of each; where that is next to nothing beside the others, what is next to nothing."""
    found = {name: float(gradient.abs().max()) for name, gradient in gradients.items()}
    least = max(NEXT_TO_NOTHING * max(found.values()), 1e-30)
    return {name: max(number, least) for name, number in found.items()}
