"""What of the fused kernels a device has."""

import torch

from agent.kernels.adamw import fused_adamw
from agent.kernels.gate import fused_gate
from agent.kernels.norm import fused_norm
from agent.kernels.short_conv import fused_convolution
from agent.kernels.triangular import fused_inverse


def in_words(device: torch.device) -> str:
    """Each building block with a fused form, and what computes it there; all are tried, if they were not before."""
    found = {
        "inverse": fused_inverse(device), "convolution": fused_convolution(device), "gate": fused_gate(device),
        "norm": fused_norm(device), "optimiser": fused_adamw(device),
    }  # fmt: skip
    return " and ".join(f"{name} by {kernels.words}" for name, kernels in found.items())
