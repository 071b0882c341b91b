"""The delta rule chunk by chunk, with or without a decay that each token chooses for the whole memory.

    S_t = a_t (I - beta_t k_t k_t^T) S_{t-1} + beta_t k_t v_t^T,        o_t = S_t^T q_t

(Yang et al. 2024, arXiv 2406.06484; with the decay Yang, Kautz and Hatamizadeh 2024, arXiv 2412.06464.)
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from agent.kernels.chunks import decay_between, split_into_chunks
from agent.kernels.fused import Fused, fused
from agent.kernels.triangular import unit_lower_inverse

CHUNK = 32  # of the plain form; what comes out does not depend on it


def delta_rule(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    beta: Tensor,
    log_decay: Tensor | None = None,
    initial_state: Tensor | None = None,
    normalises: bool = True,
) -> tuple[Tensor, Tensor]:
    """o, (B, H, L, V), and the state after the last token, (B, H, K, V). On a GPU one kernel each way.

    q, k: (B, H, L, K); v: (B, H, L, V); beta, log_decay: (B, H, L), no decay without the latter.
    initial_state: (B, H, K, V), the memory before the first token; None is an empty one.
    normalises: whether q and k are first brought to length one, and q to K^-1/2.
    """
    if not fits(q, k, v, beta, log_decay, initial_state, normalises):
        return plain_delta_rule(q, k, v, beta, log_decay, initial_state, normalises)
    kernels = fused_delta_rule(q.device).kernels
    o, state = FusedDeltaRule.apply(q, k, v, beta, log_decay, initial_state, normalises, kernels)
    return o, state


def fits(q: Any, k: Any, v: Any, beta: Any, log_decay: Any, initial_state: Any, normalises: bool) -> bool:
    """Whether these arguments of `delta_rule` are of its shapes, in float32, and on a device with fused kernels."""
    tensors = [part for part in (q, k, v, beta, log_decay, initial_state) if part is not None]
    if not all(isinstance(part, Tensor) and part.is_cuda and part.dtype == torch.float32 for part in tensors):
        return False
    if q.dim() != 4 or v.dim() != 4:
        return False
    tokens, memory = q.shape[:3], (*q.shape[:2], q.shape[-1], v.shape[-1])
    if k.shape != q.shape or v.shape[:3] != tokens or beta.shape != tokens:
        return False
    if log_decay is not None and log_decay.shape != tokens:
        return False
    if initial_state is not None and initial_state.shape != memory:
        return False
    kernels = fused_delta_rule(q.device).kernels
    return kernels is not None and bool(kernels.fits(q, v))


def plain_delta_rule(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    beta: Tensor,
    log_decay: Tensor | None = None,
    initial_state: Tensor | None = None,
    normalises: bool = True,
) -> tuple[Tensor, Tensor]:
    """The same in plain PyTorch."""
    if normalises:
        q, k = F.normalize(q, dim=-1) * q.shape[-1] ** -0.5, F.normalize(k, dim=-1)
    decay = torch.zeros_like(beta) if log_decay is None else log_decay
    parts = (q, k, v, beta.unsqueeze(-1), decay.unsqueeze(-1))
    chunks = (split_into_chunks(part, CHUNK).unbind(2) for part in parts)
    S = q.new_zeros(*q.shape[:2], q.shape[-1], v.shape[-1]) if initial_state is None else initial_state
    outputs = []
    for q_i, k_i, v_i, b, each in zip(*chunks, strict=True):
        between, gamma = decay_between(each)
        T = unit_lower_inverse((between * (b * k_i @ k_i.mT)).tril(-1))
        error = T @ (b * (v_i - gamma * (k_i @ S)))
        outputs.append(gamma * (q_i @ S) + (between * (q_i @ k_i.mT)) @ error)
        S = gamma[..., -1:, :] * S + (between[..., -1:, :].mT * k_i).mT @ error
    return torch.cat(outputs, dim=2)[:, :, : q.shape[2]], S


class FusedDeltaRule(torch.autograd.Function):
    """The op and its gradient, by a module of fused kernels."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> tuple[Tensor, Tensor]:
        *arguments, normalises, kernels = given
        ctx.set_materialize_grads(False)
        o, state, kept = kernels.forward(*arguments, normalises)
        ctx.normalises, ctx.kernels, ctx.kind = normalises, kernels, type(kept)
        ctx.save_for_backward(*arguments, kept.states, kept.inverses)
        return o, state

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_o: Tensor | None, grad_state: Tensor | None) -> tuple[Any, ...]:
        *arguments, states, inverses = ctx.saved_tensors
        if grad_o is None:
            grad_o = torch.zeros_like(arguments[2])
        kept = ctx.kind(states, inverses)
        return *ctx.kernels.backward(*arguments, ctx.normalises, kept, grad_o, grad_state), None, None


def fused_delta_rule(device: torch.device) -> Fused:
    """The fused kernels where there is a compiler for them.

    They are tried by each op that is to use them, in its own sizes (agent/evaluator/fused_op.py): to compile them takes
    far longer than others, and what fits on one chip is too large for another.
    """
    return fused("delta_rule_triton", lambda kernels, device: None, device)
