"""Building blocks that a variant may import, each the fast path of a formula that its docstring states."""

from agent.kernels.norm import rms_norm
from agent.kernels.short_conv import short_convolution
from agent.kernels.triangular import unit_lower_inverse

__all__ = ["rms_norm", "short_convolution", "unit_lower_inverse"]
