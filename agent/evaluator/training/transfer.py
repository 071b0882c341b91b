"""Numbers that the host makes for the device, without waiting for it."""

import torch
from torch import Tensor


def to_device(made: Tensor, device: torch.device) -> Tensor:
    """A tensor of the host's on the device. A GPU fetches it in its turn, from memory that stays where it is."""
    if device.type == "cuda":
        made = made.pin_memory()
    return made.to(device, non_blocking=True)
