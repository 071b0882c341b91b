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
def _length(x):  # type: ignore[no-untyped-def]
    return tl.sqrt(tl.sum(x * x, axis=1))


@triton.jit
def _back_through_length(grad, unit, norm):  # type: ignore[no-untyped-def]
    """The gradient of x from that of x / max(|x|, SMALLEST_NORM), which is `unit`."""
    along = tl.where(norm >= SMALLEST_NORM, tl.sum(grad * unit, axis=1), 0.0)
    return (grad - along[:, None] * unit) / tl.maximum(norm, SMALLEST_NORM)[:, None]


@triton.jit
def _between(g, rows, columns):  # type: ignore[no-untyped-def]
    """e^(g_t - g_s) for s <= t, else 0. The future is masked first: there the differences are positive."""
    return tl.exp(tl.where(rows >= columns, g[:, None] - g[None, :], float("-inf")))


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
    rows, columns = tl.arange(0, CHUNK)[:, None], tl.arange(0, CHUNK)[None, :]
    tokens, keys = tl.arange(0, CHUNK), tl.arange(0, KEYS)
    values = tl.program_id(1) * VALUES + tl.arange(0, VALUES)
    batch, head = sequence // heads, sequence % heads
    q += batch * q_batch + head * q_head
    k += batch * q_batch + head * q_head
    v += batch * v_batch + head * v_head
    chunks = tl.cdiv(length, CHUNK)
    place = keys[:, None] * VALUE + values[None, :]
    known = (keys < KEY)[:, None] & (values < VALUE)[None, :]
    S = tl.zeros((KEYS, VALUES), tl.float32)
    if CARRIES:
        S += tl.load(initial + sequence * KEY * VALUE + place, mask=known, other=0.0)
    for chunk in range(chunks):
        if chunk > 0:
            tl.store(states + (sequence * (chunks - 1) + chunk - 1) * KEY * VALUE + place, S, mask=known)
        times = chunk * CHUNK + tokens
        here = times < length
        of_key = here[:, None] & (keys < KEY)[None, :]
        of_value = here[:, None] & (values < VALUE)[None, :]
        q_i = tl.load(q + times[:, None] * q_token + keys[None, :], mask=of_key, other=0.0)
        k_i = tl.load(k + times[:, None] * q_token + keys[None, :], mask=of_key, other=0.0)
        v_i = tl.load(v + times[:, None] * v_token + values[None, :], mask=of_value, other=0.0)
        b = tl.load(beta + sequence * length + times, mask=here, other=0.0)
        if NORMALISES:
            q_i = q_i / tl.maximum(_length(q_i), SMALLEST_NORM)[:, None]
            k_i = k_i / tl.maximum(_length(k_i), SMALLEST_NORM)[:, None]
        q_i = q_i * scale
        A = tl.dot(k_i, tl.trans(k_i), input_precision=PRECISION) * b[:, None]
        P = tl.dot(q_i, tl.trans(k_i), input_precision=PRECISION)
        read = tl.dot(k_i, S, input_precision=PRECISION)
        o_i = tl.dot(q_i, S, input_precision=PRECISION)
        if DECAYS:
            each = tl.load(log_decay + sequence * length + times, mask=here, other=0.0)
            g = tl.cumsum(each, axis=0)
            whole = tl.sum(each, axis=0)
            between = _between(g, rows, columns)
            A *= between
            P *= between
            read *= tl.exp(g)[:, None]
            o_i *= tl.exp(g)[:, None]
            k_i *= tl.exp(whole - g)[:, None]
            S *= tl.exp(whole)
        T = _inverse(tl.where(rows > columns, A, 0.0), rows, columns, CHUNK)
        tl.store(inverses + (sequence * chunks + chunk) * CHUNK * CHUNK + rows * CHUNK + columns, T)
        error = tl.dot(T, b[:, None] * (v_i - read), input_precision=PRECISION)
        o_i += tl.dot(tl.where(rows >= columns, P, 0.0), error, input_precision=PRECISION)
        tl.store(o + (sequence * length + times)[:, None] * VALUE + values[None, :], o_i, mask=of_value)
        S += tl.dot(tl.trans(k_i), error, input_precision=PRECISION)
    tl.store(final + sequence * KEY * VALUE + place, S, mask=known)


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
    rows, columns = tl.arange(0, CHUNK)[:, None], tl.arange(0, CHUNK)[None, :]
    tokens, keys, values = tl.arange(0, CHUNK), tl.arange(0, KEYS), tl.arange(0, VALUES)
    batch, head = sequence // heads, sequence % heads
    q += batch * q_batch + head * q_head
    k += batch * q_batch + head * q_head
    v += batch * v_batch + head * v_head
    grad_q += batch * dq_batch + head * dq_head
    grad_k += batch * dq_batch + head * dq_head
    grad_v += batch * dv_batch + head * dv_head
    chunks = tl.cdiv(length, CHUNK)
    place = keys[:, None] * VALUE + values[None, :]
    known = (keys < KEY)[:, None] & (values < VALUE)[None, :]
    dS = tl.zeros((KEYS, VALUES), tl.float32)
    if GOES_ON:
        dS += tl.load(grad_final + sequence * KEY * VALUE + place, mask=known, other=0.0)
    for step in range(chunks):
        chunk = chunks - 1 - step
        times = chunk * CHUNK + tokens
        here = times < length
        of_key = here[:, None] & (keys < KEY)[None, :]
        of_value = here[:, None] & (values < VALUE)[None, :]
        before = states + (sequence * (chunks - 1) + chunk - 1) * KEY * VALUE
        S = tl.load(before + place, mask=known & (chunk > 0), other=0.0)
        if CARRIES:
            S += tl.load(initial + sequence * KEY * VALUE + place, mask=known & (chunk == 0), other=0.0)
        unit_q = tl.load(q + times[:, None] * q_token + keys[None, :], mask=of_key, other=0.0)
        unit_k = tl.load(k + times[:, None] * q_token + keys[None, :], mask=of_key, other=0.0)
        b = tl.load(beta + sequence * length + times, mask=here, other=0.0)
        if NORMALISES:
            norm_q, norm_k = _length(unit_q), _length(unit_k)
            unit_q = unit_q / tl.maximum(norm_q, SMALLEST_NORM)[:, None]
            unit_k = unit_k / tl.maximum(norm_k, SMALLEST_NORM)[:, None]
        q_i = unit_q * scale
        at = sequence * length + times
        do = tl.load(grad_o + at[:, None] * VALUE + values[None, :], mask=of_value, other=0.0)
        T = tl.load(inverses + (sequence * chunks + chunk) * CHUNK * CHUNK + rows * CHUNK + columns)
        similar = tl.dot(unit_k, tl.trans(unit_k), input_precision=PRECISION)
        P = tl.dot(q_i, tl.trans(unit_k), input_precision=PRECISION)
        read = tl.dot(unit_k, S, input_precision=PRECISION)
        gamma = tl.full((CHUNK,), 1.0, tl.float32)
        to_end = tl.full((CHUNK,), 1.0, tl.float32)
        if DECAYS:
            each = tl.load(log_decay + at, mask=here, other=0.0)
            g = tl.cumsum(each, axis=0)
            whole = tl.sum(each, axis=0)
            between = _between(g, rows, columns)
            gamma, to_end = tl.exp(g), tl.exp(whole - g)
            similar *= between
            P *= between
        P = tl.where(rows >= columns, P, 0.0)
        rest = tl.load(v + times[:, None] * v_token + values[None, :], mask=of_value, other=0.0)
        rest -= read * gamma[:, None]
        error = tl.dot(T, b[:, None] * rest, input_precision=PRECISION)

        # Of o and S' to E, and through the inverse to X and A.
        d_error = tl.dot(tl.trans(P), do, input_precision=PRECISION)
        d_error += tl.dot(unit_k, dS, input_precision=PRECISION) * to_end[:, None]
        dX = tl.dot(tl.trans(T), d_error, input_precision=PRECISION)
        dP = tl.where(rows >= columns, tl.dot(do, tl.trans(error), input_precision=PRECISION), 0.0)
        dA = tl.where(rows > columns, -tl.dot(dX, tl.trans(error), input_precision=PRECISION), 0.0)
        tl.store(grad_v + times[:, None] * dv_token + values[None, :], b[:, None] * dX, mask=of_value)
        d_beta = tl.sum(dX * rest, axis=1) + tl.sum(dA * similar, axis=1)
        tl.store(grad_beta + at, d_beta, mask=here)
        d_read = -b[:, None] * gamma[:, None] * dX
        do_faded = do * gamma[:, None]

        # To q and k: by way of the memory, of P and of A.
        dq_read = tl.dot(do_faded, tl.trans(S), input_precision=PRECISION)
        dk_read = tl.dot(d_read, tl.trans(S), input_precision=PRECISION)
        dk_write = tl.dot(error, tl.trans(dS), input_precision=PRECISION) * to_end[:, None]
        d_similar = dA * b[:, None]
        if DECAYS:
            by_pairs = dP * P + d_similar * similar
            d_g = tl.sum(by_pairs, axis=1) - tl.sum(by_pairs, axis=0)
            d_g += tl.sum(q_i * dq_read, axis=1) + tl.sum(unit_k * dk_read, axis=1)
            wrote = tl.sum(unit_k * dk_write, axis=1)
            at_end = tl.sum(wrote, axis=0) + tl.exp(whole) * tl.sum(tl.sum(dS * S, axis=1), axis=0)
            d_g += tl.where(tokens == CHUNK - 1, at_end, 0.0) - wrote
            tl.store(grad_decay + at, tl.cumsum(d_g, axis=0, reverse=True), mask=here)
            dP *= between
            d_similar *= between
            dS *= tl.exp(whole)
        dq = dq_read + tl.dot(dP, unit_k, input_precision=PRECISION)
        dk = dk_read + dk_write + tl.dot(tl.trans(dP), q_i, input_precision=PRECISION)
        dk += tl.dot(d_similar + tl.trans(d_similar), unit_k, input_precision=PRECISION)
        dq *= scale
        if NORMALISES:
            dq = _back_through_length(dq, unit_q, norm_q)
            dk = _back_through_length(dk, unit_k, norm_k)
        tl.store(grad_q + times[:, None] * dq_token + keys[None, :], dq, mask=of_key)
        tl.store(grad_k + times[:, None] * dq_token + keys[None, :], dk, mask=of_key)
        dS += tl.dot(tl.trans(q_i), do_faded, input_precision=PRECISION)
        dS += tl.dot(tl.trans(unit_k), d_read, input_precision=PRECISION)
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
