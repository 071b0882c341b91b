"""The published mixers as fla-core's naive functions compute them: nobody here wrote those.

Each function takes the library, q, k, v: (B, H, L, .), beta: (B, H, L), the chunk size and what the mixer declares, and
returns the outputs (B, H, L, V). fla-core's own packages are not imported, as they want a GPU: its naive modules are
read one by one, with their casts to float32 turned into casts to float64.
"""

import importlib.machinery
import importlib.util
import math
import re
import sys
import types
from pathlib import Path

import torch
import torch.nn.functional as F


def library_folder():
    """Where fla-core is installed: the folder that holds fla/ops; None where it is not."""
    found = importlib.util.find_spec("fla")
    places = list(found.submodule_search_locations or ()) if found else []
    return Path(places[0]) / "ops" if places and (Path(places[0]) / "ops").is_dir() else None


class Library:
    """fla-core's naive modules in float64, by their place in fla/ops."""

    def __init__(self, folder):
        self.folder, self.found = folder, {}

    def __call__(self, where, *changes):
        key = where, changes
        if key not in self.found:
            path = self.folder / where
            text = path.read_text()
            for old, new in changes:
                assert old in text, f"{where} has changed: {old}"
                text = text.replace(old, new)
            text = re.sub(r"\.float\(\)", ".double()", text)
            text = re.sub(r"torch\.float(32)?\b", "torch.float64", text)
            module = types.ModuleType(f"fla.ops.{where.removesuffix('.py').replace('/', '.')}")
            module.__package__, module.__file__ = module.__name__.rpartition(".")[0], str(path)
            for name in self._packages(module.__package__):
                sys.modules.setdefault(name, self._package(name))
            if "from .utils import" in text:
                self(f"{where.rpartition('/')[0]}/utils.py")
            sys.modules[module.__name__] = module
            exec(compile(text, str(path), "exec"), module.__dict__)
            self.found[key] = module
        return self.found[key]

    def _packages(self, name):
        parts = name.split(".")
        return [".".join(parts[: count + 1]) for count in range(len(parts))]

    def _package(self, name):
        """A package without its own code."""
        stub = types.ModuleType(name)
        stub.__path__ = [str(self.folder.parents[1] / name.replace(".", "/"))]
        stub.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
        return stub


def t(x):
    """(B, H, L, .) <-> (B, L, H, .)"""
    return x.transpose(1, 2)


def unit(x):
    return F.normalize(x, dim=-1)


def head_decay(gate, A_log, dt_bias):
    return -A_log.exp()[..., None] * F.softplus(gate + dt_bias[..., None])


def channel_decay(gate, A_log, dt_bias):
    return -A_log.exp()[..., None, None] * F.softplus(gate + dt_bias[:, :, None])


def _delta(lib, q, k, v, beta):
    return lib("delta_rule/naive.py").delta_rule_recurrence(unit(q), unit(k), v, beta)[0]


def _linear(lib, q, k, v, g):
    return t(lib("gla/naive.py").naive_recurrent_gla(t(q), t(k), t(v), t(g), output_final_state=True)[0])


def _scalar(lib, q, k, v, g, scale=1.0):
    return t(lib("simple_gla/naive.py").naive_recurrent_simple_gla(t(q), t(k), t(v), t(g), scale=scale)[0])


def _dplr(lib, *parts):
    return lib("generalized_delta_rule/dplr/naive.py").dplr_recurrence(*parts)[0]


def _slots(lib, q, k, v, s, g, scale=None):
    f = lib("gsa/naive.py").naive_recurrent_gsa
    return t(f(t(q), t(k), t(v), t(s), t(g), scale=scale, output_final_state=True)[0])


def _each(f, *parts, **rest):
    """A function that takes its learned parameters without a batch, sequence by sequence."""
    rows = range(len(parts[0]))
    found = [f(*(part[b : b + 1] for part in parts), **{n: x[b] for n, x in rest.items()}) for b in rows]
    return t(torch.cat([each[0] for each in found]))


def _convolve(x, taps):
    B, H, L, D = x.shape
    flat = x.transpose(-1, -2).reshape(1, B * H * D, L)
    return F.conv1d(F.pad(flat, (3, 0)), taps.reshape(-1, 1, 4), groups=B * H * D).view(B, H, D, L).transpose(-1, -2)


def gla(lib, q, k, v, beta, C, gate, gate_bias):
    return _linear(lib, q, k, v, F.logsigmoid(gate + gate_bias[:, :, None]) / 16)


def mamba2(lib, q, k, v, beta, C, dt, z, A_log, dt_bias, D):
    d = F.softplus(dt + dt_bias[..., None])
    o = _scalar(lib, q, k, d[..., None] * v, -A_log.exp()[..., None] * d)
    return (o + D[..., None, None] * v) * F.silu(z)


def rwkv7(lib, q, k, v, beta, C, d, rate, d_bias, rate_bias, xi, alpha, rho):
    w = -math.exp(-0.5) * (d + d_bias[:, :, None]).sigmoid()
    a = (rate + rate_bias[:, :, None]).sigmoid()
    kk = unit(k * xi[:, :, None])
    kt = k + k * (a - 1) * alpha[:, :, None]
    o = _dplr(lib, q * q.shape[-1] ** 0.5, kt, v, -kk, kk * a, w)
    return o + (q * kt * rho[:, :, None]).sum(-1, keepdim=True) * v


def kda(lib, q, k, v, beta, C, gate, A_log, dt_bias):
    f, g = lib("kda/naive.py").naive_recurrent_kda, channel_decay(gate, A_log, dt_bias)
    return t(f(t(unit(q)), t(unit(k)), t(v), t(g), t(beta), output_final_state=True)[0])


def gated_delta_product(lib, q, k, v, beta, C, key1, value1, beta1, gate, key_filter, value_filter, A_log, dt_bias):
    def both(x, y):
        return torch.stack((t(x), t(y)), 2).flatten(1, 2)

    k1, v1 = unit(F.silu(_convolve(key1, key_filter))), F.silu(_convolve(value1, value_filter))
    f = lib("gated_delta_product/naive.py").naive_recurrent_gated_delta_product
    g, step = t(head_decay(gate, A_log, dt_bias)), 2 * both(beta1.sigmoid(), beta)
    return t(f(t(unit(q)), both(k1, unit(k)), both(v1, v), g, step, q.shape[-1] ** -0.5, num_householder=2)[0])


def longhorn(lib, q, k, v, beta, C):
    step = beta / (1 + beta * k.square().sum(-1))
    return lib("delta_rule/naive.py").delta_rule_recurrence(q, k, v, step)[0]


def comba(lib, q, k, v, beta, C, gate, A_log, dt_bias, b, d):
    """By the chunked form: the recurrent one looks up after the decay, the paper and the kernels before it."""
    k = unit(k)
    q, p = unit(q) - d[..., None, None] * k, b.sigmoid()[..., None, None] * k
    parts = (t(x) for x in (q, k, v, p, head_decay(gate, A_log, dt_bias), beta))
    return t(lib("comba/naive.py").naive_chunk_comba(*parts, chunk_size=16, output_final_state=True)[0])


# Where fla-core departs from the paper: its norm is added to itself and not to q, and a token's step is its reader's.
TTT_AS_THE_PAPER = (
    ("o[i] = o_i + (o_i - mean) / rstd * w + b", "o[i] = (o_i - mean) / rstd * w + b"),
    ("(eta_i * Attn) @ v_new", "(place * Attn) @ (eta_i * v_new)"),
    ("torch.tril(eta_i.expand_as(Attn)) @ v_new", "torch.tril(place.expand_as(Attn)) @ (eta_i * v_new)"),
    ("(eta_i[:, :, -1, :, None] * k_i)", "(place[-1] * eta_i * k_i)"),
    ("torch.sum(eta_i[:, :, -1, :, None] * v_new", "torch.sum(place[-1] * eta_i * v_new"),
    (
        "        Attn = torch.tril",
        "        place = 1 / torch.arange(1, BT + 1, device=q.device).to(q)[:, None]\n        Attn = torch.tril",
    ),
)


def ttt_linear(lib, q, k, v, beta, C, W0, b0, gain, bias):
    f = lib("ttt/naive.py", *TTT_AS_THE_PAPER).ttt_linear
    L, eta = q.shape[2], beta[..., None] / q.shape[-1]
    full = L - L % C
    out, h, hb = [], W0, b0[:, :, None]
    for part, size in ((slice(full), C), (slice(full, None), L % C)):
        if q[:, :, part].shape[2]:
            rows = [x[:, :, part].clone() for x in (q, k, v)]
            o, h, hb = f(*rows, gain[0], bias[0], eta[:, :, part].clone(), 1.0, 1e-6, size, h, hb, True)
            out.append(o)
    return torch.cat(out, 2) + q


# Without its norm, its residual target and its factor of two in the loss, which the layer around it would have.
TITANS_AS_THE_PAPER = (
    ("reconstruction_target = v_t - k_t", "reconstruction_target = v_t"),
    ("v_new = v_new - proj_term", "v_new = (km - v_t) / 2"),
    ("output_t = output_t + (output_t - mean) / rstd * w + b", "output_t = output_t"),
)


def titans_linear(lib, q, k, v, beta, C, forget, momentum, forget_bias, momentum_bias, log_rate):
    f = lib("titans/naive.py", *TITANS_AS_THE_PAPER).titans_linear
    al, et = (forget + forget_bias[..., None]).sigmoid(), (momentum + momentum_bias[..., None]).sigmoid()
    one, rate = torch.ones(q.shape[1], q.shape[-1]).to(q), log_rate.exp()[..., None] * beta
    return f(unit(q), unit(k), v, one, 0 * one, rate[..., None], al[..., None], et[..., None], 1e-6, C, None, True)[0]


def mesa_net(lib, q, k, v, beta, C, gate, ridge, gate_bias):
    g = F.logsigmoid(gate + gate_bias[..., None])
    f = lib("mesa_net/naive.py").naive_mesa_net_exact
    return t(f(t(unit(q)), t(unit(k)), t(v), t(g), (F.softplus(ridge) + 0.25)[0], t(beta))[0])


def ret_net(lib, q, k, v, beta, C):
    half = q.shape[-1] // 2
    angle = torch.arange(q.shape[2]).to(q)[:, None] / 10000 ** (torch.arange(0, 2 * half, 2).to(q) / (2 * half))

    def turn(x):
        swapped = torch.cat([-x[..., half:], x[..., :half]], -1)
        return x * torch.cat([angle.cos()] * 2, -1) + swapped * torch.cat([angle.sin()] * 2, -1)

    return lib("retention/naive.py").naive_retention(turn(q), turn(k), v)


def log_linear_attention(lib, q, k, v, beta, C, dt, levels, A_log, dt_bias):
    d = F.softplus(dt + dt_bias[..., None])
    f = lib("log_linear_attn/naive.py").naive_log_linear_attn
    return t(f(t(q), t(k), t(d[..., None] * v), t(-A_log.exp()[..., None] * d), t(F.softplus(levels))))


def window_and_delta_rule(lib, q, k, v, beta, C, mix):
    f = lib("forgetting_attn/naive.py").naive_forgetting_attn
    window = t(f(t(q), t(k), t(v), torch.zeros_like(t(beta)), window_size=16))
    m = mix.sigmoid()[..., None]
    return m * window + (1 - m) * _delta(lib, q, k, v, beta)


def hgrn2(lib, q, k, v, beta, C, forget, low):
    low = low.sigmoid()[:, :, None]
    keep = low + (1 - low) * forget.sigmoid()
    return _linear(lib, q * q.shape[-1] ** 0.5, 1 - keep, v, keep.log())


def mlstm(lib, q, k, v, beta, C, write, forget, out, write_bias, forget_bias):
    """Without its stabiliser: numerator and denominator are two gated linear attentions."""
    write = (write + write_bias[..., None]).exp()[..., None] * k
    g, scale = F.logsigmoid(forget + forget_bias[..., None]), q.shape[-1] ** -0.5
    above, below = (_scalar(lib, q, write, x, g, scale) for x in (v, torch.ones_like(v[..., :1])))
    return out.sigmoid() * above / below.abs().clamp_min(1)


def delta_net_negative_eigenvalues(lib, q, k, v, beta, C):
    return _delta(lib, q, k, v, 2 * beta)


def mamba1(lib, q, k, v, beta, C, dt, z, A_log, dt_bias, D):
    n = A_log.shape[-1]
    d = F.softplus(dt + dt_bias[:, :, None])
    x, g = (d * v)[..., None] * k[..., None, :n], d[..., None] * -A_log.exp()[:, :, None]
    flat = [each.transpose(1, 2).flatten(2) for each in (x, g)]
    o, _ = lib("hgrn/naive.py").naive_recurrent_hgrn(*flat)
    h = o.view(x.shape[0], x.shape[2], x.shape[1], *x.shape[3:]).transpose(1, 2)
    return ((h * q[..., None, :n]).sum(-1) + D[:, :, None] * v) * F.silu(z)


def gated_slot_attention(lib, q, k, v, beta, C, gate):
    g = F.logsigmoid(gate) / 8
    return _slots(lib, q, k, v, 1 - g.exp(), g)


def mixture_of_memories(lib, q, k, v, beta, C, router):
    p = router[..., :3].softmax(-1)
    on = F.one_hot(p.argmax(-1), 3).to(q)
    routed = [(on * p)[..., m, None] * _delta(lib, q, k, v, beta * on[..., m]) for m in range(3)]
    return _delta(lib, q, k, v, beta) + sum(routed)


def gated_delta_net_2(lib, q, k, v, beta, C, gate, erase, write, A_log, dt_bias):
    parts = (unit(q), unit(k), v, channel_decay(gate, A_log, dt_bias), erase.sigmoid(), write.sigmoid())
    return t(lib("gdn2/naive.py").naive_recurrent_gdn2(*map(t, parts), output_final_state=True)[0])


def momentum_delta_net(lib, q, k, v, beta, C, gate, momentum, rate, A_log, dt_bias, Mu_log, mu_bias, log_factor, D_log):
    log_mu = (-Mu_log.exp()[..., None] * F.softplus(momentum + mu_bias[..., None])).clamp_min(-2)
    eta = rate.tanh() + 1
    theta = torch.arctan(eta * log_factor.exp()[..., None])
    log_alpha = theta.cos().square().log() + head_decay(gate, A_log, dt_bias)
    q = unit(q - D_log.exp()[..., None, None] * k)
    k = unit(k)
    p = log_alpha.exp()[..., None] * k  # what is looked up has faded already, as the library's layer has it
    parts = (q, k, v, log_alpha, log_mu, p, theta.sin().square() * beta, eta)
    f = lib("momentum_delta_rule/naive.py").recurrent_momentum_delta_rule_ref
    return t(f(*map(t, parts), output_final_state=True)[0])


def preconditioned_gated_delta_net(
    lib, q, k, v, beta, C, gate, slow, weight, A_log, dt_bias, slow_log, slow_bias, centre
):
    f = lib("precond_gated_delta_rule/naive.py").naive_recurrent_precond_gated_delta_rule
    g, slow = head_decay(gate, A_log, dt_bias), head_decay(slow, slow_log, slow_bias)
    return _each(f, *map(t, (q, k, v, slow, g, weight.sigmoid(), beta)), log_atk_scale=centre)


def preconditioned_kda(lib, q, k, v, beta, C, gate, slow, weight, A_log, dt_bias, slow_log, slow_bias, centre):
    f = lib("precond_kda/naive.py").naive_recurrent_precond_kda
    g, slow = channel_decay(gate, A_log, dt_bias), head_decay(slow, slow_log, slow_bias)
    return _each(f, *map(t, (unit(q), unit(k), v, g, slow, weight.sigmoid(), beta)), log_atk_scale=centre)


def cyfa(lib, q, k, v, beta, C, gate, clock, weight, A_log, dt_bias, clock_bias, weight_bias, readout, q_gain, k_gain):
    def f(q, k, v, g, delta, beta, table, q_gain, k_gain):
        return naive(q, k, v, g, delta, beta, table, q_gain, k_gain, 1e-5, 1e-5)

    naive = lib("cyfa/naive.py").naive_recurrent_cyfa
    delta, beta = (clock + clock_bias[..., None]).sigmoid(), (weight + weight_bias[..., None]).sigmoid()
    table = readout + torch.eye(readout.shape[-1]).to(readout)
    parts = (q, k, v, head_decay(gate, A_log, dt_bias), delta, beta)
    return readout.shape[-1] * _each(f, *map(t, parts), table=table, q_gain=q_gain, k_gain=k_gain)


def raven(lib, q, k, v, beta, C, gate, router, A_log, dt_bias, q_gain, k_gain):
    def norm(x, gain):
        return F.rms_norm(x, x.shape[-1:], eps=1e-5) * gain[:, None, None]

    score = router.sigmoid()
    top = score.topk(q.shape[-1] // 4, dim=-1)
    share = top.values / (top.values.sum(-1, keepdim=True) + 1e-9)
    chosen = torch.zeros_like(score).scatter(-1, top.indices, share)
    g = head_decay(gate, A_log, dt_bias)[..., None] * chosen
    return F.silu(_slots(lib, norm(q, q_gain), norm(k, k_gain), v, 1 - g.exp(), g, scale=1.0))


def mamba3(lib, q, k, v, beta, C, step, decay, trapezoid, angle, z, dt_bias, B_gain, C_gain, B_bias, C_bias, D):
    """Two gated linear attentions: of each token's own pair, and of the pair before it."""

    def norm(x, gain, bias):
        return F.rms_norm(x, x.shape[-1:], eps=1e-5) * gain[:, None, None] + bias[:, :, None]

    def rotate(x):
        pair = torch.view_as_complex(x[..., : 2 * pairs].unflatten(-1, (pairs, 2)).contiguous())
        turned_pair = torch.view_as_real(pair * torch.polar(torch.ones_like(turned), turned)).flatten(-2)
        return torch.cat([turned_pair, x[..., 2 * pairs :]], -1)

    def before(x):
        return torch.cat([torch.zeros_like(x[:, :, :1]), x[:, :, :-1]], 2)

    dt = F.softplus(step + dt_bias[..., None])
    g = -F.softplus(decay).clamp_min(1e-4) * dt
    pairs = q.shape[-1] // 4
    turned = (dt[..., None] * math.pi * angle[..., :pairs].tanh()).cumsum(2)
    c, b = rotate(norm(q, C_gain, C_bias)), rotate(norm(k, B_gain, B_bias))
    share = trapezoid.sigmoid()
    own = _scalar(lib, c, b, (share * dt)[..., None] * v, g)
    old = _scalar(lib, c, before(b), ((1 - share) * dt * g.exp())[..., None] * before(v), g)
    return (own + old + D[..., None, None] * v) * F.silu(z)
