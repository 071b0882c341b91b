"""The network around the op, for many replicas at once: [mixer, SwiGLU] x 2, pre-norm, as in MAD (arXiv 2403.17844).

Every weight carries a leading replica dimension, so a product with it is one batched product. The gain of a norm is
multiplied into the weights behind it, which are smaller than the activations.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from agent.evaluator.contract.boundary import Audit, outputs
from agent.evaluator.contract.variant import Declaration, Variant
from agent.evaluator.protocol import Init
from agent.evaluator.training.lookup import look_up
from agent.evaluator.training.parameters import Layout, Parameter, constant, linear
from agent.evaluator.training.transfer import to_device
from agent.kernels.gate import silu_gate
from agent.kernels.norm import add_and_norm, rms_norm
from agent.kernels.short_conv import convolved_parts

FILTER = 4
EMBEDDING_STD = 0.02

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Architecture:
    """The sizes of a network. `autoencoder` is the head of Compress; otherwise each position predicts a token."""

    vocab: int
    autoencoder: bool
    width: int = 128
    heads: int = 1
    inner: int = 352
    pairs: int = 2
    chunk_size: int = 32
    init: Init = "torch"

    @property
    def head_dim(self) -> int:
        return self.width // self.heads

    def sizes(self, kind: str | int) -> int:
        """The length of a declared dimension: "head", "key", "value" or a number."""
        return {"head": self.heads, "key": self.head_dim, "value": self.head_dim}.get(str(kind)) or int(kind)


class Network:
    """What maps weights and tokens to logits; it holds no weights itself.

    rows_a_call: how many sequences the op is given at once where no gradient is wanted; None for all there are.
    audit: what is shown each call of the op.
    """

    def __init__(
        self,
        architecture: Architecture,
        variant: Variant,
        rows_a_call: int | None = None,
        audit: Audit | None = None,
    ) -> None:
        self.architecture = architecture
        self.variant = variant
        self.rows_a_call = rows_a_call
        self.audit = audit
        self.layout = Layout(_parameters(architecture, variant.declaration))

    def logits(
        self, weights: Weights, tokens: Tensor, vocabs: Tensor | None = None, asked: slice = slice(None)
    ) -> Tensor:
        """(R, B, T) tokens -> (R, B, T, V), of the T positions only those `asked`.

        Given each replica's own vocabulary, (R,), classes beyond it get -inf.
        """
        architecture = self.architecture
        x = look_up(weights["embedding"], tokens)
        normed = rms_norm(x)
        *layers, last = self._layers(weights)
        for layer in layers:
            x, normed = add_and_norm(x, layer(normed))
        x = x + last(normed)
        if architecture.autoencoder:
            x = _decode(weights, x)
        logits = _linear(rms_norm(x[:, :, asked]), _behind_norm(weights, "output"))
        if vocabs is None:
            return logits
        unused = torch.arange(architecture.vocab, device=tokens.device) >= vocabs[:, None]
        return logits.masked_fill(unused[:, None, None], -torch.inf)

    def outputs(self, arguments: Mapping[str, Tensor]) -> Tensor:
        """What the op makes of its arguments, by name: the only place from which a network calls it."""
        return outputs(self.variant.op, arguments, self.architecture.chunk_size, self.rows_a_call, self.audit)

    def _layers(self, weights: Weights) -> list[Callable[[Tensor], Tensor]]:
        """What stands between the residual connections, in order: each maps what is normalised to what is added."""
        return [
            partial(layer, weights, f"{name}{pair}.")
            for pair in range(self.architecture.pairs)
            for layer, name in ((self._mixer, "mixer"), (_swiglu, "swiglu"))
        ]

    def _mixer(self, weights: Weights, prefix: str, normed: Tensor) -> Tensor:
        replicas, batch, length, width = normed.shape
        heads = self.architecture.heads
        declared = self.variant.declaration
        projected = _linear(normed, _behind_norm(weights, prefix + "in"))
        sizes = (3 * width, heads, *_gate_widths(self.architecture, declared))
        q, k, v, beta, *gates = convolved_parts(projected, weights[prefix + "filters"], sizes)
        q, k, v = (_by_head(part, heads) for part in (q, k, v))
        learned = {
            name: _by_head(gate, heads).squeeze(-1) if kind == "head" else _by_head(gate, heads)
            for (name, kind), gate in zip(declared.inputs.items(), gates, strict=True)
        } | {name: _for_each_row(weights[prefix + own_weight(name)], batch) for name in declared.parameters}

        # Whatever a variant's state is, it stays in full precision.
        with torch.autocast(normed.device.type, enabled=False):
            full = weights["embedding"].dtype
            q, k, v, beta = (part.to(full) for part in (q, k, v, beta))
            learned = {name: part.to(full) for name, part in learned.items()}
            beta = _by_head(beta, heads).squeeze(-1).sigmoid()
            arguments = {"q": q, "k": k, "v": v, "beta": beta} | learned
            o = self.outputs(arguments)

        gain = weights[prefix + "out.gain"].repeat(1, heads)
        o = rms_norm(o).transpose(1, 2).reshape(replicas, batch, length, width)
        return _linear(o, weights[prefix + "out"] * gain.unsqueeze(1))


def _parameters(architecture: Architecture, declared: Declaration) -> list[Parameter]:
    """Every weight of the network. MAD draws all matrices of an autoencoder from N(0, 0.02), the mixers' too."""
    width, inner = architecture.width, architecture.inner
    std = EMBEDDING_STD if architecture.autoencoder or architecture.init == "normal" else None
    gates = zip(declared.inputs, _gate_widths(architecture, declared), strict=True)
    projections = (*((name, width) for name in "qkv"), ("beta", architecture.heads), *gates)
    projected = sum(rows for _, rows in projections)
    parameters = [Parameter("embedding", (architecture.vocab, width), "normal", 0.0, EMBEDDING_STD, by_token=True)]
    for pair in range(architecture.pairs):
        mixer, swiglu = f"mixer{pair}.", f"swiglu{pair}."
        bound = FILTER**-0.5
        parameters += [
            constant(mixer + "in.gain", (width,), 1.0),
            replace(linear(mixer + "in", projected, width, std), parts=projections),
            Parameter(mixer + "filters", (3 * width, FILTER), "uniform", -bound, bound),
            *(
                Parameter(
                    mixer + own_weight(name),
                    tuple(architecture.sizes(kind) for kind in p.shape),
                    "uniform",
                    p.low,
                    p.high,
                    decays=False,
                )
                for name, p in declared.parameters.items()
            ),
            constant(mixer + "out.gain", (architecture.head_dim,), 1.0),
            linear(mixer + "out", width, width, std),
            constant(swiglu + "in.gain", (width,), 1.0),
            linear(swiglu + "in", 2 * inner, width, std),
            linear(swiglu + "out", width, inner, std),
        ]
    if architecture.autoencoder:
        for layer in ("decoder0", "decoder1"):
            parameters += [
                constant(layer + ".gain", (width,), 1.0),
                linear(layer, width, width, std),
                constant(layer + ".bias", (width,), 0.0),
            ]
    return [
        *parameters,
        constant("output.gain", (width,), 1.0),
        linear("output", architecture.vocab, width, std, by_token=True),
    ]


def own_weight(name: str) -> str:
    """A variant's own parameter as a weight of its layer, which has weights of these names already.

    Initial values are drawn by names, so all other names stay as they are declared.
    """
    return f"own {name}" if name in ("filters", "out") else name


def _gate_widths(architecture: Architecture, declared: Declaration) -> list[int]:
    per_head = {"head": 1, "key": architecture.head_dim, "value": architecture.head_dim}
    return [architecture.heads * per_head[kind] for kind in declared.inputs.values()]


def _linear(x: Tensor, weight: Tensor) -> Tensor:
    """(R, B, T, in), (R, out, in) -> (R, B, T, out)."""
    return (x.flatten(1, 2) @ weight.transpose(1, 2)).unflatten(1, x.shape[1:3])


def _behind_norm(weights: Weights, name: str) -> Tensor:
    """The matrix that reads a normalised vector, with the norm's gain multiplied into its columns."""
    return weights[name] * weights[name + ".gain"].unsqueeze(1)


def _by_head(x: Tensor, heads: int) -> Tensor:
    """(R, B, T, H * D) -> (R * B, H, T, D), the replicas folded into the batch."""
    return x.flatten(0, 1).unflatten(-1, (heads, -1)).transpose(1, 2)


def _for_each_row(weight: Tensor, batch: int) -> Tensor:
    """(R, ...) -> (R * B, ...): each row of the folded batch sees its replica's parameter."""
    return weight.unsqueeze(1).expand(-1, batch, *weight.shape[1:]).flatten(0, 1)


def _swiglu(weights: Weights, prefix: str, normed: Tensor) -> Tensor:
    """Shazeer 2020, arXiv 2002.05202."""
    gated = silu_gate(_linear(normed, _behind_norm(weights, prefix + "in")))
    return _linear(gated, weights[prefix + "out"])


def _decode(weights: Weights, x: Tensor) -> Tensor:
    """Compress: the last position's vector alone, told each position's place, must give back every token."""
    x = x[:, :, -1:] + sinusoids(x.shape[2], x.shape[3], x.device).to(x.dtype)
    for layer in ("decoder0", "decoder1"):
        bias = weights[layer + ".bias"][:, None, None]
        x = F.gelu(_linear(rms_norm(x), _behind_norm(weights, layer)) + bias)
    return x


# Made once for a size and a device. Not by functools.cache: torch.compile looks through it, and would make them anew on
# the CPU, and copy them, in each step.
SINUSOIDS: dict[tuple[int, int, torch.device], Tensor] = {}


def sinusoids(length: int, width: int, device: torch.device) -> Tensor:
    """Fixed position embeddings (L, D), D even, as MAD's decoder has them: all sines, then all cosines.

    The frequencies are 10000^(-j / (D/2 - 1)), j = 0 ... D/2 - 1.
    """
    if (length, width, device) not in SINUSOIDS:
        places = torch.arange(width // 2) / max(width // 2 - 1, 1)
        angle = torch.arange(length)[:, None] * 10_000.0**-places
        SINUSOIDS[length, width, device] = to_device(torch.cat((angle.sin(), angle.cos()), dim=-1), device)
    return SINUSOIDS[length, width, device]
