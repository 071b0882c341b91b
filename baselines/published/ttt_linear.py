"""TTT-Linear (Sun et al. 2024, arXiv 2407.04620): gradient descent on a linear model while the sequence is read.

The state is the model f(x) = x + LN(x W + b). A token's loss is |LN(k W + b) - (v - k)|^2 / 2, and its gradient is
taken at the W and b that the chunk began with (the paper's dual form; a mini-batch is a chunk). Token t reads

    W_t = W - eta_t' sum_{s <= t} eta_s grad_s,   eta_s = beta_s / K,   eta_t' = 1 / (place of t in its chunk)

The output depends on the chunk size, as in the paper. Left out: the gate of the output.
"""

import torch

LEARNED_PARAMETERS = {
    "W0": (("head", "key", "value"), (-0.035, 0.035)),
    "b0": (("head", "value"), (0.0, 0.0)),
    "gain": (("head", "value"), (1.0, 1.0)),
    "bias": (("head", "value"), (0.0, 0.0)),
}
EPSILON = 1e-6


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, W0, b0, gain, bias):
    length, key_dim = q.shape[2:]
    gain, bias = gain.unsqueeze(-2), bias.unsqueeze(-2)
    W, b = (W0, b0.unsqueeze(-2)) if initial_state is None else initial_state
    rate = (beta / key_dim).unsqueeze(-1)
    outputs = []
    for start in range(0, length, chunk_size):
        q_i, k_i, v_i, rate_i = (x[:, :, start : start + chunk_size] for x in (q, k, v, rate))
        place = 1 / torch.arange(1, q_i.shape[2] + 1, dtype=q.dtype, device=q.device).unsqueeze(-1)
        centred, scale = standardise(k_i @ W + b)
        wrong = gain * (gain * centred + bias - (v_i - k_i))
        gradient = (wrong - wrong.mean(-1, keepdim=True) - centred * (wrong * centred).mean(-1, keepdim=True)) * scale
        step = rate_i * gradient
        attention = (q_i @ k_i.transpose(-1, -2)).tril()
        z = q_i @ W + b - place * (attention @ step + step.cumsum(dim=-2))
        outputs.append(q_i + gain * standardise(z)[0] + bias)
        W = W - place[-1] * (k_i.transpose(-1, -2) @ step)
        b = b - place[-1] * step.sum(-2, keepdim=True)
    return torch.cat(outputs, dim=2), (W, b)


def standardise(z):
    """A layer norm without its gain, and the factor by which it multiplied."""
    z = z - z.mean(-1, keepdim=True)
    scale = (z.square().mean(-1, keepdim=True) + EPSILON).rsqrt()
    return z * scale, scale
