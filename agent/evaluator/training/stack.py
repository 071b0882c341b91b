"""Replicas of one shape as one network: a row of weights each."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import torch
import torch.nn.functional as F
from torch import Tensor

from agent.evaluator.contract.boundary import Audit
from agent.evaluator.contract.variant import Variant
from agent.evaluator.protocol import Protocol, Replica, ceil_div
from agent.evaluator.tasks.task import IGNORE, Examples
from agent.evaluator.training.batches import filled_length
from agent.evaluator.training.metric import token_losses
from agent.evaluator.training.network import Architecture, Network
from agent.evaluator.training.room import logits_at_once, parts_of_a_batch, replicas_at_once
from agent.evaluator.training.transfer import to_device

# The kinds of device that multiply in bfloat16: accuracy holds, as far as a CPU can tell (docs/notebook.md).
IN_BFLOAT16 = {"cuda"}
# How many logits one pass over examples may give: on a CPU a few that stay in its cache, on a GPU what keeps it busy.
LOGITS_AT_ONCE = {"cpu": 1 << 22, "cuda": 1 << 28}


class Stack:
    """R replicas whose inputs have one length. A vocabulary below the largest is padded, and its padding never wins."""

    def __init__(
        self,
        replicas: list[Replica],
        variant: Variant,
        protocol: Protocol,
        device: torch.device,
        rows: Tensor | None = None,
        audit: Audit | None = None,
        group: Sequence[Replica] = (),
    ) -> None:
        """`group` are all that may ever take a row of this stack: by them its network is laid out."""
        group = group or replicas
        self.replicas = list(replicas)
        self.device = device
        self.parts = parts_of_a_batch(replicas[0], device)  # in which the gradient of a batch is taken
        rows_a_call = _rows_a_call(replicas[: replicas_at_once(replicas, device)], self.parts)
        self.network = Network(architecture(group, protocol), variant, rows_a_call, audit)
        if rows is None:
            rows = torch.stack([self._initial_row(replica) for replica in replicas])
        if rows.shape != (len(replicas), self.network.layout.size):
            raise ValueError(f"rows of shape {tuple(rows.shape)} are not of these {len(replicas)} replicas")
        self.rows = rows.to(device)
        self.vocabs = torch.tensor([replica.setting.vocab for replica in replicas], device=device)
        self.padded = len({replica.setting.vocab for replica in group}) > 1

    def logits(
        self,
        weights: dict[str, Tensor],
        tokens: Tensor,
        chosen: Tensor | slice = slice(None),
        asked: slice = slice(None),
    ) -> Tensor:
        """(R, B, T) tokens -> (R, B, T, V) for all replicas or the `chosen` rows, at all positions or those `asked`."""
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.device.type in IN_BFLOAT16):
            logits = self.network.logits(weights, tokens, self.vocabs[chosen] if self.padded else None, asked)
        return logits.to(self.rows.dtype)

    def losses(self, weights: dict[str, Tensor], inputs: Tensor, targets: Tensor, asked: slice) -> Tensor:
        """Mean cross-entropy of each replica on (R, B, T) inputs and their targets at the positions `asked`: (R,)."""
        return token_losses(self.logits(weights, inputs, asked=asked), targets[:, :, asked])

    def gradient(self, batch: Examples, asked: slice) -> tuple[Tensor, Tensor]:
        """The losses of a batch, (R,), and the gradient of each by its own row, (R, P)."""
        if self.parts == 1:
            return self._gradient(batch, asked)
        scored = (batch.targets != IGNORE).flatten(1).sum(1).to(self.rows)
        losses, gradient = torch.zeros_like(scored), torch.zeros_like(self.rows)
        parts = (each.split(ceil_div(each.shape[1], self.parts), dim=1) for each in (batch.inputs, batch.targets))
        for inputs, targets in zip(*parts, strict=True):
            share = ((targets != IGNORE).flatten(1).sum(1) / scored)[:, None]
            its_losses, its_gradient = self._gradient(Examples(inputs, targets), asked)
            # The mean over none, as behind the end of an epoch, is not a number.
            losses += torch.where(share > 0, share * its_losses[:, None], 0.0).flatten()
            gradient += torch.where(share > 0, share * its_gradient, 0.0)
        return losses, gradient

    def divide(self) -> None:
        """Take a batch in twice as many parts from here on."""
        self.parts *= 2
        self.network.rows_a_call = _rows_a_call(self.replicas, self.parts)

    def _gradient(self, batch: Examples, asked: slice) -> tuple[Tensor, Tensor]:
        weights = {name: view.detach().requires_grad_() for name, view in self.network.layout.views(self.rows).items()}
        losses = self.losses(weights, batch.inputs, batch.targets, asked)
        # Replicas share no weight, so the gradient of the sum is each one's own, and a NaN stays where it arose.
        parts = torch.autograd.grad(losses.sum(), list(weights.values()), materialize_grads=True)
        return losses.detach(), torch.cat([part.flatten(1) for part in parts], dim=1)

    def read(self, inputs: Tensor, chosen: Tensor, asked: slice = slice(None)) -> Iterator[tuple[slice, Tensor]]:
        """Run (R, N, T) inputs through the `chosen` rows: slices of the N examples, and the logits of each.

        So many at a time as keeps the logits small, since they are the largest thing here. Every pass is of one shape,
        as the last reads some examples again: by another shape a GPU may round otherwise, and what an example is given
        shall not depend on its place.
        """
        weights, sizes = self.network.layout.views(self.rows[chosen]), self.network.architecture
        replicas, examples, length = inputs.shape
        filled = filled_length(length, sizes.chunk_size, self.device, sizes.autoencoder)
        if filled > length:
            inputs, asked = F.pad(inputs, (0, filled - length)), slice(*asked.indices(length))
        most = logits_at_once(LOGITS_AT_ONCE[self.device.type], self.device) // (
            replicas * filled * max(sizes.vocab, 128)
        )
        passes = -(-examples // max(1, most))
        at_once = -(-examples // passes)
        for start in range(0, examples, at_once):
            first = min(start, examples - at_once)
            with torch.no_grad():
                logits = self.logits(weights, inputs[:, first : first + at_once], chosen, asked)
            yield slice(start, first + at_once), logits[:, start - first :]

    def keep(self, kept: Sequence[int], rows: Tensor) -> None:
        """Go on with the replicas `kept` alone; `rows` are the same numbers on the device."""
        self.replicas = [self.replicas[row] for row in kept]
        self.rows, self.vocabs = self.rows[rows], self.vocabs[rows]
        self.network.rows_a_call = _rows_a_call(self.replicas, self.parts)

    def begin(self, row: int, replica: Replica) -> None:
        """Another replica begins in a row."""
        self.replicas[row] = replica
        self.rows[row] = to_device(self._initial_row(replica), self.device)
        self.vocabs[row] = replica.setting.vocab

    def _initial_row(self, replica: Replica) -> Tensor:
        name = f"weights, {replica.setting.label}, seed {replica.seed}"
        return self.network.layout.initial_row(replica.setting.vocab, name)


def _rows_a_call(replicas: Sequence[Replica], parts: int) -> int:
    """How many sequences a step of training hands to the op at once."""
    return sum(ceil_div(replica.batch, parts) for replica in replicas)


def architecture(replicas: Sequence[Replica], protocol: Protocol) -> Architecture:
    """The network that all of these replicas can share."""
    return Architecture(
        vocab=max(replica.setting.vocab for replica in replicas),
        autoencoder=replicas[0].setting.autoencoder,
        width=protocol.width,
        heads=protocol.heads,
        inner=protocol.inner,
        chunk_size=protocol.chunk_size,
        init=protocol.init,
    )


# How many tokens a step of one stack may hold. On a CPU larger stacks gain nothing or leave the cache
# (docs/notebook.md). On a GPU some of a stack wait until others have ended, so that their places are filled again; how
# many train at once is a question of its memory (agent/evaluator/training/room.py). A stack's weights are one file:
# with twice as many tokens it would be larger than the jail allows under mad-grid.
TOKENS_A_STEP = {"cpu": 1 << 11, "cuda": 1 << 19}


def stacks(protocol: Protocol, device_kind: str) -> list[list[Replica]]:
    """The replicas of a protocol in groups that can train together, the longest work first.

    The learning rates and decays of one setting and seed stay together, since they are each other's rivals.
    """
    shapes: dict[tuple[int, int, bool], list[list[Replica]]] = {}
    for (setting, _), grid in groupby(protocol.replicas(), lambda replica: replica.grid):
        alike = list(grid)
        shape = (setting.input_length, alike[0].batch, setting.autoencoder)
        shapes.setdefault(shape, []).append(alike)
    groups = []
    for (length, batch, _), grids in shapes.items():
        grids.sort(key=lambda grid: (grid[0].steps, grid[0].setting.vocab), reverse=True)
        at_once = max(1, TOKENS_A_STEP[device_kind] // (length * batch * max(map(len, grids))))
        groups += [
            [replica for grid in grids[start : start + at_once] for replica in grid]
            for start in range(0, len(grids), at_once)
        ]
    return sorted(groups, key=lambda group: sum(replica.tokens for replica in group), reverse=True)
