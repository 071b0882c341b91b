"""Building blocks that a variant may import, each the fast path of a formula that its docstring states."""

from agent.kernels.chunks import channel_decay_between, decay_between, split_into_chunks
from agent.kernels.norm import rms_norm
from agent.kernels.short_conv import short_convolution
from agent.kernels.triangular import unit_lower_inverse

__all__ = [
    "channel_decay_between",
    "decay_between",
    "rms_norm",
    "short_convolution",
    "split_into_chunks",
    "unit_lower_inverse",
]
