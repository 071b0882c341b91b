"""The delta rule of agent/kernels/delta_rule.py as two Triton kernels, for a GPU: a program goes along one sequence.

Its memory S stays on the chip from the first chunk to the last. Of the forward pass are kept: S before each chunk but
the first, and each chunk's inverse T. With g the log decay summed up within a chunk, gamma = e^g, all of a chunk is

    A = tril(beta_t e^(g_t - g_s) k_t k_s, -1)     T = (I + A)^-1        X = beta (v - gamma k S)      E = T X
    P = tril(e^(g_t - g_s) q_t k_s)                o = gamma q S + P E   S' = gamma_C S + (e^(g_C - g) k)^T E.
"""

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

CHUNK = 32  # tokens: with 64 the tiles of the backward pass leave the registers
LEAST, WIDEST = 16, 128  # a product of tiles needs 16 rows; above 128 a memory leaves the chip
SPAN = 64  # values of a program of the forward pass
SMALLEST_NORM = tl.constexpr(1e-12)  # that of torch.nn.functional.normalize
# In more than that the tiles of the backward pass need more of the chip's memory than there is, so ops whose products
# are to stay in float32 stay plain.
PRECISION = tl.constexpr("tf32")


@dataclass(frozen=True)
class Kept:
    """What the backward pass needs of the forward pass beside its arguments."""

    states: Tensor
    inverses: Tensor


@triton.jit
def _unit(x, NORMALISES: tl.constexpr):  # type: ignore[no-untyped-def]
    """Vectors and their lengths, the vectors brought to length one if that is asked for."""
    norm = tl.sqrt(tl.sum(x * x, axis=1))
    if NORMALISES:
        x = x / tl.maximum(norm, SMALLEST_NORM)[:, None]
    return x, norm


@triton.jit
def _back_through_length(grad, unit, norm, NORMALISES: tl.constexpr):  # type: ignore[no-untyped-def]
    """The gradient of x from that of what `_unit` makes of it."""
    if NORMALISES:
        along = tl.where(norm >= SMALLEST_NORM, tl.sum(grad * unit, axis=1), 0.0)
        grad = (grad - along[:, None] * unit) / tl.maximum(norm, SMALLEST_NORM)[:, None]
    return grad


@triton.jit
def _decays(log_decay, at, here, rows, columns, DECAYS: tl.constexpr, CHUNK: tl.constexpr):  # type: ignore[no-untyped-def]
    """e^(g_t - g_s) for s <= t, else 0; e^g; e^(g_C - g) and e^g_C, where g_C is that of the chunk's end.

    The future is masked before the exponential: there the differences are positive.
    """
    each = tl.zeros((CHUNK,), tl.float32)
    if DECAYS:
        each += tl.load(log_decay + at, mask=here, other=0.0)
    g = tl.cumsum(each, axis=0)
    whole = tl.sum(each, axis=0)
    between = tl.exp(tl.where(rows >= columns, g[:, None] - g[None, :], float("-inf")))
    return between, tl.exp(g), tl.exp(whole - g), tl.exp(whole)


@triton.jit
def _inverse(A, rows, columns, CHUNK: tl.constexpr):  # type: ignore[no-untyped-def]
    """(I + A)^-1 by forward substitution: row i of T is e_i - sum_{j<i} A_ij T_j."""
    transposed = tl.trans(A)
    T = tl.where(rows == columns, 1.0, 0.0)
    for row in range(1, CHUNK):
        a = tl.sum(tl.where(columns == row, transposed, 0.0), axis=1)
        T = tl.where(rows == row, T - tl.sum(a[:, None] * T, axis=0)[None, :], T)
    return T


@triton.jit(do_not_specialize=["length"])
def _forward(  # type: ignore[no-untyped-def]
    q, k, v, beta, log_decay, initial, o, final, states, inverses, length, heads, scale,
    q_batch, q_head, q_token, v_batch, v_head, v_token,
    DECAYS: tl.constexpr, CARRIES: tl.constexpr, NORMALISES: tl.constexpr,
    KEY: tl.constexpr, VALUE: tl.constexpr, CHUNK: tl.constexpr, KEYS: tl.constexpr, VALUES: tl.constexpr,
):  # fmt: skip
    """A sequence and some of its values. KEY and VALUE are the sizes, KEYS and VALUES those of the tiles."""
    sequence = tl.program_id(0).to(tl.int64)
    batch, head, chunks = sequence // heads, sequence % heads, tl.cdiv(length, CHUNK)
    tokens, keys = tl.arange(0, CHUNK), tl.arange(0, KEYS)
    values = tl.program_id(1) * VALUES + tl.arange(0, VALUES)
    rows, columns = tokens[:, None], tokens[None, :]
    q += batch * q_batch + head * q_head
    k += batch * q_batch + head * q_head
    v += batch * v_batch + head * v_head
    place = keys[:, None] * VALUE + values[None, :]
    known = (keys < KEY)[:, None] & (values < VALUE)[None, :]
    S = tl.zeros((KEYS, VALUES), tl.float32)
    if CARRIES:
        S += tl.load(initial + sequence * KEY * VALUE + place, mask=known, other=0.0)
    for chunk in range(chunks):
        if chunk > 0:
            tl.store(states + (sequence * (chunks - 1) + chunk - 1) * KEY * VALUE + place, S, mask=known)
        times = chunk * CHUNK + tokens
        here, at = times < length, sequence * length + times
        of_key = here[:, None] & (keys < KEY)[None, :]
        of_value = here[:, None] & (values < VALUE)[None, :]
        q_i = tl.load(q + times[:, None] * q_token + keys[None, :], mask=of_key, other=0.0)
        k_i = tl.load(k + times[:, None] * q_token + keys[None, :], mask=of_key, other=0.0)
        v_i = tl.load(v + times[:, None] * v_token + values[None, :], mask=of_value, other=0.0)
        b = tl.load(beta + at, mask=here, other=0.0)
        q_i, _ = _unit(q_i, NORMALISES)
        k_i, _ = _unit(k_i, NORMALISES)
        q_i = q_i * scale
        between, gamma, to_end, kept = _decays(log_decay, at, here, rows, columns, DECAYS, CHUNK)
        A = tl.dot(k_i, tl.trans(k_i), input_precision=PRECISION) * b[:, None] * between
        P = tl.dot(q_i, tl.trans(k_i), input_precision=PRECISION) * between
        read = tl.dot(k_i, S, input_precision=PRECISION) * gamma[:, None]
        o_i = tl.dot(q_i, S, input_precision=PRECISION) * gamma[:, None]
        T = _inverse(tl.where(rows > columns, A, 0.0), rows, columns, CHUNK)
        tl.store(inverses + (sequence * chunks + chunk) * CHUNK * CHUNK + rows * CHUNK + columns, T)
        error = tl.dot(T, b[:, None] * (v_i - read), input_precision=PRECISION)
        o_i += tl.dot(P, error, input_precision=PRECISION)
        tl.store(o + at[:, None] * VALUE + values[None, :], o_i, mask=of_value)
        S = S * kept + tl.dot(tl.trans(k_i * to_end[:, None]), error, input_precision=PRECISION)
    tl.store(final + sequence * KEY * VALUE + place, S, mask=known)


@triton.jit
def _to_products(do, dS, T, P, k, error, to_end, rows, columns):  # type: ignore[no-untyped-def]
    """The gradients of X, P and A from those of o and S': to E, and on through the inverse."""
    d_error = tl.dot(tl.trans(P), do, input_precision=PRECISION)
    d_error += tl.dot(k, dS, input_precision=PRECISION) * to_end[:, None]
    dX = tl.dot(tl.trans(T), d_error, input_precision=PRECISION)
    dP = tl.where(rows >= columns, tl.dot(do, tl.trans(error), input_precision=PRECISION), 0.0)
    dA = tl.where(rows > columns, -tl.dot(dX, tl.trans(error), input_precision=PRECISION), 0.0)
    return dX, dP, dA


@triton.jit
def _to_decay(by_pairs, by_read, by_write, kept, dS, S, tokens, CHUNK: tl.constexpr):  # type: ignore[no-untyped-def]
    """The gradient of each log decay, which g sums up: by A and P, by what is read from S, and by what is written."""
    at_end = tl.sum(by_write, axis=0) + kept * tl.sum(tl.sum(dS * S, axis=1), axis=0)
    d_g = tl.sum(by_pairs, axis=1) - tl.sum(by_pairs, axis=0) + by_read - by_write
    return tl.cumsum(d_g + tl.where(tokens == CHUNK - 1, at_end, 0.0), axis=0, reverse=True)


@triton.jit(do_not_specialize=["length"])
def _backward(  # type: ignore[no-untyped-def]
    q, k, v, beta, log_decay, initial, states, inverses, grad_o, grad_final,
    grad_q, grad_k, grad_v, grad_beta, grad_decay, grad_initial, length, heads, scale,
    q_batch, q_head, q_token, v_batch, v_head, v_token, dq_batch, dq_head, dq_token, dv_batch, dv_head, dv_token,
    DECAYS: tl.constexpr, CARRIES: tl.constexpr, GOES_ON: tl.constexpr, NORMALISES: tl.constexpr,
    KEY: tl.constexpr, VALUE: tl.constexpr,
    CHUNK: tl.constexpr, KEYS: tl.constexpr, VALUES: tl.constexpr,
):  # fmt: skip
    """A sequence from its last chunk to its first, with all of its values. dS is the gradient of S after the chunk."""
    sequence = tl.program_id(0).to(tl.int64)
    batch, head, chunks = sequence // heads, sequence % heads, tl.cdiv(length, CHUNK)
    tokens, keys, values = tl.arange(0, CHUNK), tl.arange(0, KEYS), tl.arange(0, VALUES)
    rows, columns = tokens[:, None], tokens[None, :]
    place = keys[:, None] * VALUE + values[None, :]
    known = (keys < KEY)[:, None] & (values < VALUE)[None, :]
    dS = tl.zeros((KEYS, VALUES), tl.float32)
    if GOES_ON:
        dS += tl.load(grad_final + sequence * KEY * VALUE + place, mask=known, other=0.0)
    for step in range(chunks):
        chunk = chunks - 1 - step
        times = chunk * CHUNK + tokens
        here, at = times < length, sequence * length + times
        of_key = here[:, None] & (keys < KEY)[None, :]
        of_value = here[:, None] & (values < VALUE)[None, :]
        at_q = batch * q_batch + head * q_head + times[:, None] * q_token + keys[None, :]
        at_v = batch * v_batch + head * v_head + times[:, None] * v_token + values[None, :]
        before = states + (sequence * (chunks - 1) + chunk - 1) * KEY * VALUE
        S = tl.load(before + place, mask=known & (chunk > 0), other=0.0)
        if CARRIES:
            S += tl.load(initial + sequence * KEY * VALUE + place, mask=known & (chunk == 0), other=0.0)
        unit_q, norm_q = _unit(tl.load(q + at_q, mask=of_key, other=0.0), NORMALISES)
        k_i, norm_k = _unit(tl.load(k + at_q, mask=of_key, other=0.0), NORMALISES)
        q_i = unit_q * scale
        b = tl.load(beta + at, mask=here, other=0.0)
        do = tl.load(grad_o + at[:, None] * VALUE + values[None, :], mask=of_value, other=0.0)
        T = tl.load(inverses + (sequence * chunks + chunk) * CHUNK * CHUNK + rows * CHUNK + columns)
        between, gamma, to_end, kept = _decays(log_decay, at, here, rows, columns, DECAYS, CHUNK)
        similar = tl.dot(k_i, tl.trans(k_i), input_precision=PRECISION) * between
        P = tl.dot(q_i, tl.trans(k_i), input_precision=PRECISION) * between
        rest = tl.load(v + at_v, mask=of_value, other=0.0)
        rest -= tl.dot(k_i, S, input_precision=PRECISION) * gamma[:, None]
        error = tl.dot(T, b[:, None] * rest, input_precision=PRECISION)
        dX, dP, dA = _to_products(do, dS, T, P, k_i, error, to_end, rows, columns)
        at_v = batch * dv_batch + head * dv_head + times[:, None] * dv_token + values[None, :]
        tl.store(grad_v + at_v, b[:, None] * dX, mask=of_value)
        tl.store(grad_beta + at, tl.sum(dX * rest, axis=1) + tl.sum(dA * similar, axis=1), mask=here)
        do *= gamma[:, None]
        d_read = -(b * gamma)[:, None] * dX
        dA *= b[:, None]
        dq = tl.dot(do, tl.trans(S), input_precision=PRECISION)
        dk = tl.dot(d_read, tl.trans(S), input_precision=PRECISION)
        dk_write = tl.dot(error, tl.trans(dS), input_precision=PRECISION) * to_end[:, None]
        if DECAYS:
            by_read = tl.sum(q_i * dq, axis=1) + tl.sum(k_i * dk, axis=1)
            by_write = tl.sum(k_i * dk_write, axis=1)
            grad = _to_decay(dP * P + dA * similar, by_read, by_write, kept, dS, S, tokens, CHUNK)
            tl.store(grad_decay + at, grad, mask=here)
        dP *= between
        dA *= between
        dq += tl.dot(dP, k_i, input_precision=PRECISION)
        dk += dk_write + tl.dot(tl.trans(dP), q_i, input_precision=PRECISION)
        dk += tl.dot(dA + tl.trans(dA), k_i, input_precision=PRECISION)
        at_q = batch * dq_batch + head * dq_head + times[:, None] * dq_token + keys[None, :]
        tl.store(grad_q + at_q, _back_through_length(dq * scale, unit_q, norm_q, NORMALISES), mask=of_key)
        tl.store(grad_k + at_q, _back_through_length(dk, k_i, norm_k, NORMALISES), mask=of_key)
        dS = dS * kept + tl.dot(tl.trans(q_i), do, input_precision=PRECISION)
        dS += tl.dot(tl.trans(k_i), d_read, input_precision=PRECISION)
    if CARRIES:
        tl.store(grad_initial + sequence * KEY * VALUE + place, dS, mask=known)


def fits(q: Tensor, v: Tensor) -> bool:
    """Whether these kernels take such queries, keys and values: (B, H, L, K), (B, H, L, V)."""
    return q.dtype == v.dtype == torch.float32 and max(q.shape[-1], v.shape[-1]) <= WIDEST and q.numel() > 0


def forward(
    q: Tensor, k: Tensor, v: Tensor, beta: Tensor, log_decay: Tensor | None, initial: Tensor | None, normalises: bool
) -> tuple[Tensor, Tensor, Kept]:
    """o, the state after the last token, and what `backward` needs; arguments as `delta_rule` has them."""
    batch, heads, length, key = q.shape
    value, chunks = v.shape[-1], triton.cdiv(length, CHUNK)
    q, k, v = _alike(q, k, v)

    def empty(*shape: int) -> Tensor:
        return torch.empty(batch, heads, *shape, device=q.device)

    kept = Kept(empty(chunks - 1, key, value), empty(chunks, CHUNK, CHUNK))
    o, final = empty(length, value), empty(key, value)
    values = min(SPAN, _tile(value))
    grid = (batch * heads, triton.cdiv(value, values))
    _forward[grid](
        q, k, v, beta.contiguous(), _whole(log_decay), _whole(initial), o, final, kept.states, kept.inverses,
        length, heads, _scale(key, normalises), *_strides(q), *_strides(v),
        **_sizes(log_decay, initial, normalises, key, value), VALUES=values, num_warps=8,
    )  # fmt: skip
    return o, final, kept


def backward(
    q: Tensor, k: Tensor, v: Tensor, beta: Tensor, log_decay: Tensor | None, initial: Tensor | None, normalises: bool,
    kept: Kept, grad_o: Tensor, grad_final: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor | None, Tensor | None]:  # fmt: skip
    """The gradients of q, k, v, beta, the log decay and the first state. Those of q, k and v lie side by side."""
    batch, heads, length, key = q.shape
    value = v.shape[-1]
    q, k, v = _alike(q, k, v)
    if key == value:
        beside = torch.empty(batch, length, 3, heads, key, device=q.device)
        grad_q, grad_k, grad_v = (part.transpose(1, 2) for part in beside.unbind(2))
    else:
        grad_q, grad_k, grad_v = (torch.empty(x.shape, device=x.device) for x in (q, k, v))
    grad_beta = torch.empty(beta.shape, device=q.device)
    grad_decay = None if log_decay is None else torch.empty(beta.shape, device=q.device)
    grad_initial = None if initial is None else torch.empty(initial.shape, device=q.device)
    _backward[(batch * heads,)](
        q, k, v, beta.contiguous(), _whole(log_decay), _whole(initial), kept.states, kept.inverses,
        grad_o.contiguous(), _whole(grad_final), grad_q, grad_k, grad_v, grad_beta, grad_decay, grad_initial,
        length, heads, _scale(key, normalises),
        *_strides(q), *_strides(v), *_strides(grad_q), *_strides(grad_v),
        **_sizes(log_decay, initial, normalises, key, value), GOES_ON=grad_final is not None, VALUES=_tile(value),
        num_warps=8, num_stages=1,
    )  # fmt: skip
    return grad_q, grad_k, grad_v, grad_beta, grad_decay, grad_initial


def _sizes(
    log_decay: Tensor | None, initial: Tensor | None, normalises: bool, key: int, value: int
) -> dict[str, bool | int]:
    """What a kernel is compiled for."""
    given = {"DECAYS": log_decay is not None, "CARRIES": initial is not None, "NORMALISES": normalises}
    return given | {"KEY": key, "VALUE": value, "CHUNK": CHUNK, "KEYS": _tile(key)}


def _scale(key: int, normalises: bool) -> float:
    return key**-0.5 if normalises else 1.0


def _tile(size: int) -> int:
    return max(LEAST, triton.next_power_of_2(size))


def _whole(x: Tensor | None) -> Tensor | None:
    return None if x is None else x.contiguous()


def _alike(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The same with each vector's numbers side by side, and q and k laid out alike."""
    if q.stride() != k.stride() or q.stride(-1) != 1:
        q, k = (x.clone(memory_format=torch.contiguous_format) for x in (q, k))
    return q, k, v if v.stride(-1) == 1 else v.clone(memory_format=torch.contiguous_format)


def _strides(x: Tensor) -> tuple[int, int, int]:
    return x.stride(0), x.stride(1), x.stride(2)
