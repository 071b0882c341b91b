"""Building blocks that a variant may import, each the fast path of a formula that its docstring states."""

from agent.kernels.triangular import unit_lower_inverse

__all__ = ["unit_lower_inverse"]
