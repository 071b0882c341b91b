"""Which bytes of a window a memory of it could give: those whose eight predecessors stood in it before."""

import torch
from torch import Tensor

ORDER = 8  # one more than two short convolutions of four and the byte itself see together


def recalled(windows: Tensor) -> Tensor:
    """(N, T + 1) bytes -> (N, T) bool, of the predicted bytes: the second to the last of each window.

    True where the ORDER bytes before stood earlier in the same window, and the last time they did, this byte followed.
    """
    return torch.stack([_of(bytes(row.tolist())) for row in windows])


def _of(window: bytes) -> Tensor:
    followed_by: dict[bytes, int] = {}
    found = []
    for place in range(1, len(window)):
        if place < ORDER:
            found.append(False)
            continue
        before = window[place - ORDER : place]
        found.append(followed_by.get(before) == window[place])
        followed_by[before] = window[place]
    return torch.tensor(found)
