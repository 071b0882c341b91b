"""What is still to be measured of some variants, cut where an evaluation can be stopped without loss."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from agent.evaluator.contract.variant import Declaration, Variant
from agent.evaluator.protocol import Protocol, Replica
from agent.evaluator.tasks.task import Setting
from agent.evaluator.training.network import Network
from agent.evaluator.training.stack import architecture, stacks

# (variant, setting, seed), the setting as its fingerprint under the protocol: what one row of the table is about.
Key = tuple[str, str, int]

TOKENS_A_PIECE = 4_000_000  # a minute or two of a CPU's core

WITHOUT_OP = Variant(lambda *arguments: (None, None), Declaration({}, {}))


@dataclass(frozen=True)
class Piece:
    """A part of one variant's row that is evaluated at once, and is lost or kept at once."""

    variant: str
    protocol: Protocol

    @property
    def replicas(self) -> tuple[Replica, ...]:
        return tuple(self.protocol.replicas())

    @property
    def grids(self) -> tuple[tuple[Setting, int], ...]:
        """The settings and seeds that it scores."""
        return tuple(dict.fromkeys(replica.grid for replica in self.replicas))

    @property
    def name(self) -> str:
        """The variant and what is scored of it, in a few words."""
        (setting, seed), *others = self.grids
        return f"{self.variant}, {setting.label} seed {seed}{f' and {len(others)} more' if others else ''}"

    @property
    def cost(self) -> float:
        """Floating-point operations if nothing is solved early: 6 a weight and token of training, 2 of validation.

        The op's own are left out. Memorize, with its 200 validations in 400 steps, is mostly validated.
        """
        return sum(
            _weights(replica, self.protocol) * (6.0 * replica.tokens + 2.0 * _validated(replica, self.protocol))
            for replica in self.replicas
        )

    def alone(self) -> "list[Piece]":
        """The same work, one seed of one setting at a time."""
        return [Piece(self.variant, self.protocol.part({grid})) for grid in self.grids]


def missing_pieces(
    protocol: Protocol, variants: Sequence[str], measured: Container[Key], device_kind: str
) -> list[Piece]:
    """What no row says yet, in the order in which it is best measured.

    A piece is what the device trains as one stack: a single replica on a CPU, many on a GPU. Where that is little, the
    other seeds of the setting go with it, since to begin an evaluation takes seconds too. A first seed of everything
    comes before a second of anything, and then the cheap before the dear, so that most cells are filled soonest
    whenever this is stopped.
    """
    pieces = []
    for variant in variants:
        prints = {setting: protocol.setting_fingerprint(setting) for setting in settings_of(protocol)}
        grids = {
            replica.grid
            for replica in protocol.replicas()
            if (variant, prints[replica.setting], replica.seed) not in measured
        }
        together: dict[frozenset[Setting], list[list[Replica]]] = {}
        for stack in stacks(protocol.part(grids), device_kind):
            together.setdefault(frozenset(replica.setting for replica in stack), []).append(stack)
        for alike in together.values():
            most = max(1, TOKENS_A_PIECE // _tokens(alike[0], protocol))
            for first in range(0, len(alike), most):
                chosen = {replica.grid for stack in alike[first : first + most] for replica in stack}
                pieces.append(Piece(variant, protocol.part(chosen)))
    return sorted(pieces, key=lambda piece: (min(seed for _, seed in piece.grids), piece.cost))


def settings_of(protocol: Protocol) -> tuple[Setting, ...]:
    return tuple(setting for plan in protocol.plans for setting in plan.settings)


def _tokens(replicas: Sequence[Replica], protocol: Protocol) -> int:
    """How many tokens replicas see, in training and in validation."""
    return sum(replica.tokens + _validated(replica, protocol) for replica in replicas)


def _validated(replica: Replica, protocol: Protocol) -> int:
    """The tokens that a replica is validated on."""
    validations = replica.steps // replica.validate_every
    return validations * protocol.validation_examples * replica.setting.input_length


def _weights(replica: Replica, protocol: Protocol) -> int:
    """The weights that a token is multiplied with."""
    sizes = architecture([replica], protocol)
    return Network(sizes, WITHOUT_OP).layout.size - sizes.vocab * sizes.width  # an embedding is looked up
