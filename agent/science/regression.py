"""A linear regression whose effects have Student's priors, all of one unknown size."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Regression:
    """What was observed, and what was expected of the effects beforehand.

    All lists are dense but `design`, a sparse matrix of SciPy: a run holds few of the moves.
    """

    design: Any  # observations by effects
    differences: Floats
    errors: Floats  # the standard error that an observation has alone
    common: Floats  # observations by errors that several have in common: the standard error of each where it has it
    centres: Floats
    scales: Floats

    @cached_property
    def weighed(self) -> Any:
        """Observations by effects and common errors, in units of each observation's own error."""
        from scipy.sparse import csr_array, hstack

        return hstack([self.design, csr_array(self.common)], format="csr").multiply(1 / self.errors[:, None]).tocsr()

    def unexpected(self, size: float) -> Floats:
        """How far each observation lies from what was expected beforehand, in units of its own error."""
        return (self.differences - min(1.0, size) * self._foreseen) / self.errors

    @cached_property
    def _foreseen(self) -> Floats:
        found: Floats = self.design @ self.centres
        return found

    def stds(self, size: float, widths: Floats) -> Floats:
        """Those of all priors, the common errors' last, which no size scales."""
        return np.concatenate([size * np.sqrt(widths) * self.scales, np.ones(self.common.shape[1])])
