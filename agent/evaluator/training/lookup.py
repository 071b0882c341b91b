"""The look-up of tokens in the embeddings of R replicas, and its gradient in one of two ways.

A GPU that adds the gradients of equal tokens up in memory does so in no fixed order, so that two trainings of one seed
differ; or it sorts the tokens first. There the gradient is a product instead, of a matrix that has a one where a token
stands, in a fixed order and without anything that a captured or compiled step could not have.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

# The kinds of device on which the gradient is a product. On a CPU it is not worth its memory.
BY_PRODUCT = {"cuda"}


def look_up(embedding: Tensor, tokens: Tensor) -> Tensor:
    """(R, V, D), (R, B, T) -> (R, B, T, D)."""
    if tokens.device.type in BY_PRODUCT:
        found: Tensor = _LookUp.apply(embedding, tokens)
        return found
    # One look-up in the tables set end to end.
    first = torch.arange(len(embedding), device=tokens.device) * embedding.shape[1]
    return F.embedding(tokens + first[:, None, None], embedding.flatten(0, 1))


class _LookUp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, embedding: Tensor, tokens: Tensor) -> Tensor:
        ctx.save_for_backward(tokens)
        ctx.vocab = embedding.shape[1]
        index = tokens.flatten(1).unsqueeze(-1).expand(-1, -1, embedding.shape[-1])
        return embedding.gather(1, index).unflatten(1, tokens.shape[1:])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (tokens,) = ctx.saved_tensors
        read, every = tokens.flatten(1)[:, None], torch.arange(ctx.vocab, device=tokens.device)[:, None]
        one_hot = grad.new_empty(len(tokens), ctx.vocab, read.shape[-1])
        return torch.eq(read, every, out=one_hot) @ grad.flatten(
            1, 2
        ), None  # in one pass what `==` and a cast do in two
