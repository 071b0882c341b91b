"""The published mixers of baselines/published/, token by token and as their papers' formulas say it.

Each function takes q, k, v: (B, H, L, .), beta: (B, H, L), the chunk size, and what the mixer declares; it returns the
outputs (B, H, L, V). Nothing is fast here, and nothing is shared with the chunkwise files.
"""

import math

import torch
import torch.nn.functional as F


def unit(x):
    return F.normalize(x, dim=-1)


def scaled(q):
    return q * q.shape[-1] ** -0.5


def outer(a, b):
    """(..., K), (..., V) -> (..., K, V)"""
    return a.unsqueeze(-1) * b.unsqueeze(-2)


def look_up(S, k):
    """S^T k: (..., K, V), (..., K) -> (..., V)"""
    return (S * k.unsqueeze(-1)).sum(-2)


def scan(step, start, *streams):
    """step(state, each stream at token t) -> (output, state), from the first token to the last."""
    outputs, state = [], start
    for token in zip(*(stream.unbind(2) for stream in streams), strict=True):
        output, state = step(state, *token)
        outputs.append(output)
    return torch.stack(outputs, dim=2)


def empty(k, v):
    return k.new_zeros(*k.shape[:2], k.shape[-1], v.shape[-1])


def head_decay(gate, A_log, dt_bias):
    return (-A_log.exp()[..., None] * F.softplus(gate + dt_bias[..., None])).exp()


def channel_decay(gate, A_log, dt_bias):
    return (-A_log.exp()[..., None, None] * F.softplus(gate + dt_bias[:, :, None])).exp()


def linear_attention(q, k, v, decay):
    """S = diag(decay) S + k v^T, decay (B, H, L, K) or (B, H, L, 1)."""

    def step(S, q, k, v, decay):
        S = decay.unsqueeze(-1) * S + outer(k, v)
        return look_up(S, q), S

    return scan(step, empty(k, v), q, k, v, decay)


def delta_rule(q, k, v, beta, decay=None):
    """S = decay S, then S moves at k towards v by beta (B, H, L)."""

    def step(S, q, k, v, beta, decay):
        S = decay.unsqueeze(-1) * S
        S = S + outer(k, beta.unsqueeze(-1) * (v - look_up(S, k)))
        return look_up(S, q), S

    decay = torch.ones_like(k) if decay is None else decay
    return scan(step, empty(k, v), q, k, v, beta, decay)


def gla(q, k, v, beta, chunk, gate, gate_bias):
    return linear_attention(scaled(q), k, v, torch.sigmoid(gate + gate_bias[:, :, None]) ** (1 / 16))


def mamba1(q, k, v, beta, chunk, dt, z, A_log, dt_bias, D):
    n, dt = A_log.shape[-1], F.softplus(dt + dt_bias[:, :, None])

    def step(h, q, k, v, dt):
        h = (-dt[..., None] * A_log.exp()).exp() * h + outer(dt * v, k)
        return (h * q[..., None, :]).sum(-1) + D * v, h

    return scan(step, empty(v, k[..., :n]), q[..., :n], k[..., :n], v, dt) * F.silu(z)


def mamba2(q, k, v, beta, chunk, dt, z, A_log, dt_bias, D):
    dt = F.softplus(dt + dt_bias[..., None])
    decay = (-A_log.exp()[..., None] * dt).exp()[..., None]
    return (linear_attention(q, k, dt[..., None] * v, decay) + D[..., None, None] * v) * F.silu(z)


def rwkv7(q, k, v, beta, chunk, d, rate, d_bias, rate_bias, xi, alpha, rho):
    decay = (-math.exp(-0.5) * torch.sigmoid(d + d_bias[:, :, None])).exp()
    rate = torch.sigmoid(rate + rate_bias[:, :, None])
    removal, k = unit(k * xi[:, :, None]), k * (1 + (rate - 1) * alpha[:, :, None])

    def step(S, q, k, v, decay, rate, removal):
        S = decay.unsqueeze(-1) * S - outer(rate * removal, look_up(S, removal)) + outer(k, v)
        return look_up(S, q) + (q * rho * k).sum(-1, keepdim=True) * v, S

    return scan(step, empty(k, v), q, k, v, decay, rate, removal)


def kda(q, k, v, beta, chunk, gate, A_log, dt_bias):
    return delta_rule(scaled(unit(q)), unit(k), v, beta, channel_decay(gate, A_log, dt_bias))


def gated_delta_net_2(q, k, v, beta, chunk, gate, erase, write, A_log, dt_bias):
    def step(S, q, k, v, decay, erase):
        S = decay.unsqueeze(-1) * S
        S = S + outer(k, v - look_up(S, erase * k))
        return look_up(S, q), S

    decay = channel_decay(gate, A_log, dt_bias)
    streams = (scaled(unit(q)), unit(k), write.sigmoid() * v, decay, erase.sigmoid())
    return scan(step, empty(k, v), *streams)


def convolve(x, taps):
    """SiLU of a causal convolution: x (B, H, L, D), taps (B, H, D, 4)."""
    padded, length = F.pad(x, (0, 0, 3, 0)), x.shape[2]
    return F.silu(sum(padded[:, :, i : i + length] * taps[:, :, None, :, i] for i in range(4)))


def gated_delta_product(
    q, k, v, beta, chunk, key1, value1, beta1, gate, key_filter, value_filter, A_log, dt_bias
):  # fmt: skip
    key1, value1 = unit(convolve(key1, key_filter)), convolve(value1, value_filter)

    def step(S, q, k, v, beta, key1, value1, beta1, decay):
        S = decay[..., None, None] * S
        S = S + outer(key1, beta1.unsqueeze(-1) * (value1 - look_up(S, key1)))
        S = S + outer(k, beta.unsqueeze(-1) * (v - look_up(S, k)))
        return look_up(S, q), S

    decay = head_decay(gate, A_log, dt_bias)
    streams = (scaled(unit(q)), unit(k), v, 2 * beta, key1, value1, 2 * beta1.sigmoid(), decay)
    return scan(step, empty(k, v), *streams)


def longhorn(q, k, v, beta, chunk):
    """The implicit step, solved as such: S minimises |S - S_before|^2 + beta |S^T k - v|^2."""

    def step(S, q, k, v, beta):
        beta = beta[..., None, None]
        eye = torch.eye(k.shape[-1], dtype=k.dtype)
        S = torch.linalg.solve(eye + beta * outer(k, k), S + beta * outer(k, v))
        return look_up(S, q), S

    return scan(step, empty(k, v), scaled(q), k, v, beta)


def comba(q, k, v, beta, chunk, gate, A_log, dt_bias, b, d):
    k = unit(k)

    def step(S, q, k, v, beta, decay):
        removed = b.sigmoid()[..., None] * beta.unsqueeze(-1) * look_up(S, k)
        S = decay[..., None, None] * S + outer(k, beta.unsqueeze(-1) * v - removed)
        return look_up(S, q), S

    q = scaled(unit(q) - d[..., None, None] * k)
    return scan(step, empty(k, v), q, k, v, beta, head_decay(gate, A_log, dt_bias))


def ttt_linear(q, k, v, beta, chunk, W0, b0, gain, bias):
    """Each gradient by torch.func, of a token's own loss at the model that its chunk began with."""
    W, b, rate, outputs = W0, b0.unsqueeze(-2), beta / q.shape[-1], []

    def model(x, W, b):
        y = F.layer_norm(x @ W + b, x.shape[-1:], eps=1e-6) * gain.unsqueeze(-2) + bias.unsqueeze(-2)
        return x + y

    for t in range(q.shape[2]):
        if t % chunk == 0:
            begun, total = (W, b), [torch.zeros_like(W), torch.zeros_like(b)]
        q_t, k_t, v_t = (x[:, :, t, None] for x in (q, k, v))

        def loss(W, b, k_t=k_t, v_t=v_t):
            return (model(k_t, W, b) - v_t).square().sum() / 2

        gradient = torch.func.grad(loss, argnums=(0, 1))(*begun)
        total = [sum_ + rate[:, :, t, None, None] * g for sum_, g in zip(total, gradient, strict=True)]
        W, b = (start - sum_ / (t % chunk + 1) for start, sum_ in zip(begun, total, strict=True))
        outputs.append(model(q_t, W, b))
    return torch.cat(outputs, dim=2)


def titans_linear(q, k, v, beta, chunk, forget, momentum, forget_bias, momentum_bias, log_rate):
    q, k, rate = unit(q), unit(k), log_rate.exp()[..., None] * beta
    forget, momentum = (forget + forget_bias[..., None]).sigmoid(), (momentum + momentum_bias[..., None]).sigmoid()
    M = S = empty(k, v)
    outputs = []
    for t in range(q.shape[2]):
        if t % chunk == 0:
            begun = M
        step = rate[:, :, t, None] * (v[:, :, t] - look_up(begun, k[:, :, t]))
        S = momentum[:, :, t, None, None] * S + outer(k[:, :, t], step)
        M = (1 - forget[:, :, t, None, None]) * M + S
        outputs.append(look_up(M, q[:, :, t]))
    return torch.stack(outputs, dim=2)


def mesa_net(q, k, v, beta, chunk, gate, ridge, gate_bias):
    q, k = unit(q), unit(k)
    ridge = torch.diag_embed(F.softplus(ridge) + 0.25)

    def step(state, q, k, v, beta, keep):
        H, G = (keep[..., None, None] * memory for memory in state)
        H, G = H + beta[..., None, None] * outer(k, k), G + beta[..., None, None] * outer(k, v)
        return look_up(G, torch.linalg.solve(H + ridge, q)), (H, G)

    keep = (gate + gate_bias[..., None]).sigmoid()
    return scan(step, (empty(k, k), empty(k, v)), q, k, v, beta, keep)


def rotated(x, position):
    half = x.shape[-1] // 2
    angle = position * 10_000.0 ** (-2 * torch.arange(half, dtype=x.dtype) / x.shape[-1])
    turned = torch.complex(x[..., :half], x[..., half:]) * torch.exp(1j * angle)
    return torch.cat([turned.real, turned.imag], dim=-1)


def ret_net(q, k, v, beta, chunk):
    position = torch.arange(q.shape[2], dtype=q.dtype)[:, None]
    gamma = 1 - 2.0 ** (-5 - torch.arange(q.shape[1], dtype=q.dtype))
    decay = gamma[None, :, None, None].expand(*q.shape[:3], 1)
    return linear_attention(rotated(q, position), scaled(rotated(k, position)), v, decay)


def hgrn2(q, k, v, beta, chunk, forget, low):
    low = low.sigmoid()[:, :, None]
    keep = low + (1 - low) * forget.sigmoid()
    return linear_attention(q, 1 - keep, v, keep)


def mlstm(q, k, v, beta, chunk, write, forget, out, write_bias, forget_bias):
    """Without the maximum: numerator and denominator as they are, which doubles hold."""
    write = (write + write_bias[..., None]).exp()[..., None] * scaled(k)
    keep = (forget + forget_bias[..., None]).sigmoid()[..., None]
    above = linear_attention(q, write, v, keep)
    below = linear_attention(q, write, torch.ones_like(v[..., :1]), keep)
    return out.sigmoid() * above / below.abs().clamp_min(1)


def log_linear_attention(q, k, v, beta, chunk, dt, levels, A_log, dt_bias):
    """Over all earlier tokens at once: the level of a pair by the Fenwick tree, what is older in the last level."""
    dt, weight = F.softplus(dt + dt_bias[..., None]), F.softplus(levels)
    total, v = (-A_log.exp()[..., None] * dt).cumsum(-1), dt[..., None] * v
    last = chunk.bit_length() + 3
    outputs = []
    for t in range(q.shape[2]):
        level_of, end, level = {t: 0}, t, 1
        while end:
            if end & (1 << level - 1):
                level_of |= dict.fromkeys(range(end - (1 << level - 1), end), min(level, last))
                end -= 1 << level - 1
            level += 1
        outputs.append(
            sum(
                weight[:, :, t, level, None]
                * (total[:, :, t] - total[:, :, s]).exp()[..., None]
                * (q[:, :, t] * k[:, :, s]).sum(-1, keepdim=True)
                * v[:, :, s]
                for s, level in level_of.items()
            )
        )
    return torch.stack(outputs, dim=2)


def slots(q, k, v, keep):
    def step(state, q, k, v, keep):
        K, V = (keep.unsqueeze(-1) * memory for memory in state)
        K, V = K + outer(1 - keep, k), V + outer(1 - keep, v)
        return look_up(V, (K @ q.unsqueeze(-1)).squeeze(-1).softmax(-1)), (K, V)

    return scan(step, (empty(keep, k), empty(keep, v)), q, k, v, keep)


def gated_slot_attention(q, k, v, beta, chunk, gate):
    return slots(scaled(q), k, v, gate.sigmoid() ** (1 / 8))


def rms(x):
    return x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt()


def raven(q, k, v, beta, chunk, gate, router, A_log, dt_bias, q_gain, k_gain):
    score = router.sigmoid()
    least = score.sort(dim=-1, descending=True).values[..., q.shape[-1] // 4 - 1, None]
    chosen = torch.where(score >= least, score, 0.0)
    share = chosen / (chosen.sum(-1, keepdim=True) + 1e-9)
    keep = head_decay(gate, A_log, dt_bias)[..., None] ** share
    return F.silu(slots(rms(q) * q_gain[:, None, None], rms(k) * k_gain[:, None, None], v, keep))


def mixture_of_memories(q, k, v, beta, chunk, router):
    q, k = scaled(unit(q)), unit(k)
    likely = router[..., :3].softmax(-1)
    chosen = F.one_hot(likely.argmax(-1), 3).to(q.dtype)
    own = sum((chosen * likely)[..., m, None] * delta_rule(q, k, v, beta * chosen[..., m]) for m in range(3))
    return own + delta_rule(q, k, v, beta)


def window_and_delta_rule(q, k, v, beta, chunk, mix):
    place = torch.arange(q.shape[2])
    near = (place <= place[:, None]) & (place > place[:, None] - 16)
    window = (scaled(q) @ k.transpose(-1, -2)).masked_fill(~near, -torch.inf).softmax(-1) @ v
    mix = mix.sigmoid()[..., None]
    return mix * window + (1 - mix) * delta_rule(scaled(unit(q)), unit(k), v, beta)


def delta_net_negative_eigenvalues(q, k, v, beta, chunk):
    return delta_rule(scaled(unit(q)), unit(k), v, 2 * beta)


def momentum_delta_net(
    q, k, v, beta, chunk, gate, momentum, rate, A_log, dt_bias, Mu_log, mu_bias, log_factor, D_log
):  # fmt: skip
    q, k = scaled(unit(q - D_log.exp()[..., None, None] * k)), unit(k)
    eta = 1 + rate.tanh()
    theta = torch.arctan(eta * log_factor.exp()[..., None])
    alpha = theta.cos().square() * head_decay(gate, A_log, dt_bias)
    mu = head_decay(momentum, Mu_log, mu_bias).clamp_min(math.exp(-2.0))

    def step(state, q, k, v, eta, alpha, mu, into):
        S, P = state
        S = alpha[..., None, None] * S
        P = mu[..., None, None] * P + outer(k, eta.unsqueeze(-1) * (v - look_up(S, k)))
        S = S + into[..., None, None] * P
        return look_up(S, q), (S, P)

    into = theta.sin().square() * beta
    return scan(step, (empty(k, v), empty(k, v)), q, k, v, eta, alpha, mu, into)


def preconditioned(q, k, v, beta, decay, slow, weight, centre):
    """decay (B, H, L, K) or (B, H, L, 1); slow, weight (B, H, L)."""

    def step(state, q, k, v, beta, decay, slow, weight):
        S, A = state
        A = slow.unsqueeze(-1) * A + weight.unsqueeze(-1) * k.square()
        far = (A + 1e-6).log() - centre[..., None]
        S = decay.unsqueeze(-1) * S
        S = S + outer(k * 1.5 ** (-far / (1 + far.abs())), beta.unsqueeze(-1) * (v - look_up(S, k)))
        return look_up(S, q), (S, A)

    k = unit(k)
    streams = (scaled(unit(q)), k, v, beta, decay, slow, weight.sigmoid())
    return scan(step, (empty(k, v), torch.zeros_like(k[:, :, 0])), *streams)


def preconditioned_gated_delta_net(
    q, k, v, beta, chunk, gate, slow, weight, A_log, dt_bias, slow_log, slow_bias, centre
):  # fmt: skip
    decay = head_decay(gate, A_log, dt_bias)[..., None]
    return preconditioned(q, k, v, beta, decay, head_decay(slow, slow_log, slow_bias), weight, centre)


def preconditioned_kda(
    q, k, v, beta, chunk, gate, slow, weight, A_log, dt_bias, slow_log, slow_bias, centre
):  # fmt: skip
    decay = channel_decay(gate, A_log, dt_bias)
    return preconditioned(q, k, v, beta, decay, head_decay(slow, slow_log, slow_bias), weight, centre)


def turned(x, angle):
    """The first channels as complex numbers, neighbours a pair, turned by an angle each."""
    pairs = angle.shape[-1]
    first = torch.view_as_complex(x[..., : 2 * pairs].unflatten(-1, (pairs, 2)).contiguous())
    return torch.cat([torch.view_as_real(first * torch.exp(1j * angle)).flatten(-2), x[..., 2 * pairs :]], dim=-1)


def mamba3(
    q, k, v, beta, chunk, step, decay, trapezoid, angle, z, dt_bias, B_gain, C_gain, B_bias, C_bias, D
):  # fmt: skip
    dt = F.softplus(step + dt_bias[..., None])
    alpha = (-F.softplus(decay).clamp_min(1e-4) * dt).exp()
    angle = (math.pi * dt[..., None] * angle[..., : q.shape[-1] // 4].tanh()).cumsum(2)
    B = turned(rms(k) * B_gain[:, None, None] + B_bias[:, :, None], angle)
    C = turned(rms(q) * C_gain[:, None, None] + C_bias[:, :, None], angle)

    def token(state, C, B, x, dt, alpha, share):
        h, before = state
        own = dt[..., None, None] * outer(B, x)
        h = alpha[..., None, None] * (h + (1 - share)[..., None, None] * dt[..., None, None] * before)
        h = h + share[..., None, None] * own
        return look_up(h, C), (h, outer(B, x))

    y = scan(token, (empty(k, v), empty(k, v)), C, B, v, dt, alpha, trapezoid.sigmoid())
    return (y + D[..., None, None] * v) * F.silu(z)


def cyfa(
    q, k, v, beta, chunk, gate, clock, weight, A_log, dt_bias, clock_bias, weight_bias, readout, q_gain, k_gain
):  # fmt: skip
    """With the ring's coefficients as complex numbers, turned by multiplication."""
    size = readout.shape[-1]
    waves = torch.arange((size + 1) // 2, dtype=q.dtype)
    twice = torch.where(waves > 0, 2.0, 1.0).to(q.dtype).sqrt()
    time = (clock + clock_bias[..., None]).sigmoid().cumsum(-1)[..., None]
    turn = torch.exp(1j * time * waves * (2 * math.pi / size))
    strength = (weight + weight_bias[..., None]).sigmoid()[..., None]
    write = strength * size**-0.5 * twice * turn.conj()
    slot = torch.exp(1j * torch.arange(size, dtype=q.dtype)[:, None] * waves * (2 * math.pi / size))
    basis = twice * size**-0.5 * slot
    table = basis + readout.to(basis.dtype) @ basis

    def step(state, q, k, v, write, turn, decay):
        K, V = (decay[..., None, None] * memory for memory in state)
        K, V = K + outer(k.to(write.dtype), write), V + outer(write, v.to(write.dtype))
        found = look_up(K, q.to(write.dtype)) * turn
        share = (table @ found.conj().unsqueeze(-1)).squeeze(-1).real.softmax(-1)
        read = (share.to(table.dtype).unsqueeze(-2) @ table).squeeze(-2) * turn.conj()
        return size * look_up(V.conj(), read).real, (K, V)

    q, k = scaled(rms(q) * q_gain[:, None, None]), rms(k) * k_gain[:, None, None]
    start = (empty(k, write), empty(write, v.to(write.dtype)))
    return scan(step, start, q, k, v, write, turn, head_decay(gate, A_log, dt_bias))


def path_gate_fusion(
    q, k, v, beta, chunk, copy, to_short, to_long, to_memory, short_filter, long_filter, copy_bias, memory_bias
):  # fmt: skip
    def filtered(taps):
        width = taps.shape[-1]
        flat = F.pad(v.transpose(-1, -2).reshape(1, -1, v.shape[2]), (width - 1, 0))
        convolved = F.conv1d(flat, taps.reshape(-1, 1, width), groups=flat.shape[1])
        return v + convolved.view(*v.shape[:2], v.shape[-1], -1).transpose(-1, -2)

    memory = delta_rule(scaled(unit(q)), unit(k), v, beta)
    routes = torch.stack([to_short, to_long, to_memory + memory_bias[..., None]]).softmax(0)[..., None]
    context = routes[0] * filtered(short_filter) + routes[1] * filtered(long_filter) + routes[2] * memory
    direct = (copy + copy_bias[..., None]).sigmoid()[..., None]
    return direct * v + (1 - direct) * context
