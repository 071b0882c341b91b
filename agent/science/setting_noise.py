"""How far one-seed scores of a setting scatter, and how far the difference of two variants on the same seed does."""

from dataclasses import dataclass

from agent.science.measure import MACRO, Measure


@dataclass(frozen=True)
class PairedNoise:
    """The standard deviation of one seed's difference between two variants in one setting.

    It differs from variant to variant: `freedom` says how many degrees of freedom the typical value is worth for the
    next one, few where the measured ones lie far apart.
    """

    std: float
    freedom: float


@dataclass(frozen=True)
class Noise:
    """The standard deviation of a one-seed score of one setting, measured on the baseline over so many seeds.

    `paired` is that of a difference between two variants, and `log_odds` the noise of the same setting's micro accuracy
    in log-odds; None where nobody measured it.
    """

    std: float
    seeds: int
    paired: PairedNoise | None = None
    log_odds: "Noise | None" = None

    def of(self, measure: Measure) -> "Noise":
        """That of a measure."""
        return self if measure is MACRO else self.log_odds or UNMEASURED


UNMEASURED = Noise(0.0, 1)
