"""The network as one ordinarily writes it: an nn.Module with separate layers, one replica."""

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from agent.evaluator.contract.variant import Variant
from agent.evaluator.training.network import FILTER, Architecture, sinusoids
from agent.evaluator.training.parameters import Layout

EPS = 1e-5


class ShortConvolution(nn.Module):
    """A causal depthwise convolution with SiLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, width, FILTER, groups=width, padding=FILTER - 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        return F.silu(self.conv(x.transpose(1, 2))[..., : x.shape[1]].transpose(1, 2))


class Mixer(nn.Module):
    """Projections and short convolutions, the op, a norm for each head, and the output projection."""

    def __init__(self, architecture: Architecture, variant: Variant) -> None:
        super().__init__()
        width, heads, head_dim = architecture.width, architecture.heads, architecture.head_dim
        declared = variant.declaration
        self.op, self.heads, self.chunk_size = variant.op, heads, architecture.chunk_size
        self.norm = nn.RMSNorm(width, EPS)
        self.q, self.k, self.v = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.beta = nn.Linear(width, heads, bias=False)
        self.q_conv, self.k_conv, self.v_conv = (ShortConvolution(width) for _ in range(3))
        self.inputs = nn.ModuleDict(
            {
                name: nn.Linear(width, heads if kind == "head" else heads * head_dim, bias=False)
                for name, kind in declared.inputs.items()
            }
        )
        self.per_head = {name for name, kind in declared.inputs.items() if kind == "head"}
        self.of_op = nn.ParameterDict(
            {
                name: torch.empty([architecture.sizes(kind) for kind in parameter.shape])
                for name, parameter in declared.parameters.items()
            }
        )
        self.out_norm = nn.RMSNorm(head_dim, EPS)
        self.out = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        x = self.norm(x)
        q, k, v = self.q_conv(self.q(x)), self.k_conv(self.k(x)), self.v_conv(self.v(x))
        q, k, v, beta = (self.by_head(part) for part in (q, k, v, self.beta(x)))
        learned = {name: self.by_head(project(x)) for name, project in self.inputs.items()}
        learned = {name: part.squeeze(-1) if name in self.per_head else part for name, part in learned.items()}
        learned |= {name: weight.expand(len(x), *weight.shape) for name, weight in self.of_op.items()}
        with torch.autocast(x.device.type, enabled=False):
            full = self.out.weight.dtype
            q, k, v, beta = (part.to(full) for part in (q, k, v, beta))
            learned = {name: part.to(full) for name, part in learned.items()}
            o, _ = self.op(q, k, v, beta.squeeze(-1).sigmoid(), chunk_size=self.chunk_size, **learned)
        return self.out(self.out_norm(o).transpose(1, 2).flatten(2))

    def by_head(self, x: Tensor) -> Tensor:
        """(B, T, H * D) -> (B, H, T, D)."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class SwiGLU(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(width, EPS)
        self.gate, self.up = nn.Linear(width, inner, bias=False), nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x)
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Decoder(nn.Sequential):
    """Compress: every token from the last position's vector and the place asked for."""

    def __init__(self, width: int) -> None:
        layers = ((nn.RMSNorm(width, EPS), nn.Linear(width, width), nn.GELU()) for _ in range(2))
        super().__init__(*(module for layer in layers for module in layer))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x[:, -1:] + sinusoids(*x.shape[1:], x.device).to(x.dtype))


class Model(nn.Module):
    """(B, T) tokens -> (B, T, V) logits."""

    def __init__(self, architecture: Architecture, variant: Variant) -> None:
        super().__init__()
        width = architecture.width
        self.embedding = nn.Embedding(architecture.vocab, width)
        self.mixers = nn.ModuleList(Mixer(architecture, variant) for _ in range(architecture.pairs))
        self.swiglus = nn.ModuleList(SwiGLU(width, architecture.inner) for _ in range(architecture.pairs))
        self.decoder = Decoder(width) if architecture.autoencoder else nn.Identity()
        self.norm = nn.RMSNorm(width, EPS)
        self.output = nn.Linear(width, architecture.vocab, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embedding(tokens)
        for mixer, swiglu in zip(self.mixers, self.swiglus, strict=True):
            x = x + mixer(x)
            x = x + swiglu(x)
        return self.output(self.norm(self.decoder(x)))


def parameter_groups(model: Model, decay: float) -> list[dict[str, Any]]:
    """What an optimiser is given: the matrices with a decay; gains, biases and an op's own parameters without."""
    decaying, others = [], []
    for name, weight in model.named_parameters():
        (decaying if weight.dim() > 1 and ".of_op." not in name else others).append(weight)
    return [{"params": decaying, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def load_row(model: Model, layout: Layout, row: Tensor) -> None:
    """Give a model the weights of one row, (P,), of a stack whose vocabulary may be larger."""
    stacked = {name: view[0] for name, view in layout.views(row[None]).items()}
    vocab = model.embedding.num_embeddings
    weights = {
        "embedding.weight": stacked["embedding"][:vocab],
        "norm.weight": stacked["output.gain"],
        "output.weight": stacked["output"][:vocab],
    }
    for pair, mixer in enumerate(cast(list[Mixer], model.mixers)):
        theirs, ours = f"mixer{pair}.", f"mixers.{pair}."
        names = ["q", "k", "v", "beta", *(f"inputs.{name}" for name in mixer.inputs)]
        parts = stacked[theirs + "in"].split([mixer.get_submodule(name).out_features for name in names])
        weights |= {f"{ours}{name}.weight": part for name, part in zip(names, parts, strict=True)}
        filters = stacked[theirs + "filters"].unsqueeze(1).chunk(3)
        weights |= {f"{ours}{name}_conv.conv.weight": part for name, part in zip("qkv", filters, strict=True)}
        weights |= {f"{ours}of_op.{name}": stacked[theirs + name] for name in mixer.of_op}
        weights |= {f"{ours}norm.weight": stacked[theirs + "in.gain"], f"{ours}out.weight": stacked[theirs + "out"]}
        weights[ours + "out_norm.weight"] = stacked[theirs + "out.gain"]
        theirs, ours = f"swiglu{pair}.", f"swiglus.{pair}."
        weights |= {f"{ours}norm.weight": stacked[theirs + "in.gain"], f"{ours}down.weight": stacked[theirs + "out"]}
        weights[ours + "gate.weight"], weights[ours + "up.weight"] = stacked[theirs + "in"].chunk(2)
    for layer in range(2 if isinstance(model.decoder, Decoder) else 0):
        names = [f"decoder.{3 * layer}.weight", f"decoder.{3 * layer + 1}.weight", f"decoder.{3 * layer + 1}.bias"]
        weights |= {
            ours: stacked[f"decoder{layer}{part}"] for ours, part in zip(names, (".gain", "", ".bias"), strict=True)
        }
    model.load_state_dict(weights)
