"""Audits hidden among the real calls of an op: at moments that nobody can know, a call is made again, altered.

An op that is honest where it is probed and dishonest where it is trained or tested would be found nowhere else. Here
what it gave the network is what it is held to: the same before other later tokens, beside other sequences, in pieces
with the state carried over, and in sequences longer than any of the protocol. It may see that a call is an altered
one; that does not tell it what it answered before.
"""

import random
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from agent.core.reason import Field, Reason
from agent.evaluator.contract.boundary import Called, Op, call_op
from agent.evaluator.contract.calls import state_tensors
from agent.evaluator.contract.pieces import draw_cuts, in_pieces
from agent.evaluator.contract.variant import Declaration, VariantRefused

# Calls between two audits, on average. An audit costs as much as a few calls without their gradients.
IN_TRAINING = 128
IN_PREDICTION = 12
# How far two answers may be apart, of a token's output as the norm behind the op sees it. Beyond the first number it
# depends on what the op makes of a rounding of its arguments, as ill-conditioned inverses make much of it.
ROUNDING = 1e-3
NOISE_MARGIN = 50.0
MOST_ROUNDING = 1e-2
NORM_EPS = 1e-5  # of the norm behind the op, agent/kernels/norm.py
ULP = 2.0**-23
LARGEST = 1e15  # of an output: a state that gives such ones is soon beyond float32


class SecretAudits:
    """Every so many calls one of the kinds of audits, each as often as the others, all of it drawn by the system."""

    def __init__(self, declaration: Declaration, chunk_size: int, every: int) -> None:
        self.shared = frozenset(declaration.parameters)
        self.chunk_size = chunk_size
        self.every = every
        self.chance = random.SystemRandom()
        self.wait = self.chance.randrange(min(every, 12))
        self.kinds: list[Callable[[Op, Called], None]] = []

    def __call__(self, op: Op, called: Called) -> None:
        if self.wait:
            self.wait -= 1
            return
        if not all(
            part.isfinite().all() for part in called.leaves.values()
        ):  # a training that diverges is told of as that
            return
        self.wait = self.chance.randrange(2 * self.every)
        if not self.kinds:
            self.kinds = [self.other_suffix, self.other_neighbours, self.pieces, self.longer]
            self.chance.shuffle(self.kinds)
        held = called if called.o.isfinite().all() else self.before_the_break(op, called)
        if held is not None:
            self.kinds.pop()(op, held)

    def passes(self, calls: int) -> bool:
        """Whether none of the next so many calls is to be looked at; they then count as made."""
        if self.wait < calls:
            return False
        self.wait -= calls
        return True

    def before_the_break(self, op: Op, called: Called) -> Called | None:
        """Of a call that is not finite from some token on, what came before, which is the same without the rest.

        None where that are too few tokens to be looked at.
        """
        sound, length = _sound_tokens(called.o), called.leaves["q"].shape[2]
        if sound < 2:
            return None
        parts = {n: part if n in self.shared else part[:, :, :sound] for n, part in _given(called).items()}
        again = call_op(op, parts, self.chunk_size)
        self._compare(op, called, again.o, "failure.audited_suffix", length=length, cut=sound)
        return again

    def other_suffix(self, op: Op, called: Called) -> None:
        """From some token on each sequence goes on as another does."""
        length = called.leaves["q"].shape[2]
        cut = self.chance.randrange(1, length)
        others = self._rolled(called.leaves)
        altered = {
            name: part if name in self.shared else torch.cat([part[:, :, :cut], others[name][:, :, cut:]], 2)
            for name, part in _given(called).items()
        }
        again = call_op(op, altered, self.chunk_size).o
        self._compare(op, called, again[:, :, :cut], "failure.audited_suffix", length=length, cut=cut)

    def other_neighbours(self, op: Op, called: Called) -> None:
        """Some sequences stay, each in its place; the others are exchanged."""
        given, others = _given(called), self._rolled(called.leaves)
        rows = len(given["q"])
        kept = torch.zeros(rows, dtype=torch.bool)
        kept[self.chance.sample(range(rows), -(-rows // 2))] = True
        kept = kept.to(given["q"].device)
        altered = {
            name: torch.where(kept.view(-1, *[1] * (part.dim() - 1)), part, others[name])
            for name, part in given.items()
        }
        again = call_op(op, altered, self.chunk_size).o
        stayed = torch.where(kept[:, None, None, None], again, called.o)
        self._compare(op, called, stayed, "failure.audited_neighbours")

    def pieces(self, op: Op, called: Called) -> None:
        """The same tokens in pieces, the state carried over."""
        self._stream(op, called)

    def longer(self, op: Op, called: Called) -> None:
        """The sequences go on beyond the length that the protocol has, and are then fed in pieces too."""
        length = called.leaves["q"].shape[2]
        more = self.chance.randint(1, length + self.chunk_size)
        parts = [_given(called)]
        while sum(part["q"].shape[2] for part in parts) < length + more:
            parts.append(self._rolled(parts[-1]))
        long = {
            name: part if name in self.shared else torch.cat([each[name] for each in parts], 2)[:, :, : length + more]
            for name, part in parts[0].items()
        }
        whole = call_op(op, long, self.chunk_size)
        self._compare(op, called, whole.o[:, :, :length], "failure.audited_suffix", length=length + more, cut=length)
        if sound := self._while_sound(op, whole, self.chunk_size):
            self._stream(op, sound)

    def _stream(self, op: Op, called: Called) -> None:
        """In pieces of whole chunks; and in pieces of any length, where the op can be cut within a chunk.

        What an op does within a chunk may need the whole of it. Such an op is asked with smaller chunks instead.
        """
        self._feed(op, called, self.chunk_size, self.chunk_size)
        if self._can_be_cut_anywhere(op, called):
            self._feed(op, called, self.chunk_size, 1)
        else:
            small = self.chance.choice((1, 1, 2, 4))
            if sound := self._while_sound(op, call_op(op, _given(called), small), small):
                self._feed(op, sound, small, small)

    def _while_sound(self, op: Op, called: Called, chunk_size: int) -> Called | None:
        """A call that no network made, of as many tokens as come before the first output that is beyond LARGEST.

        What grows without bound where nobody trained it breaks no rule. None where nothing of it can be cut.
        """
        sound = _sound_tokens(called.o)
        if sound == called.o.shape[2]:
            return called
        if sound < 2:
            return None
        parts = {n: part if n in self.shared else part[:, :, :sound] for n, part in _given(called).items()}
        return call_op(op, parts, chunk_size)

    def _can_be_cut_anywhere(self, op: Op, called: Called) -> bool:
        length = called.leaves["q"].shape[2]
        within = [cut for cut in range(length // 4 + 1, length - length // 4) if cut % self.chunk_size]
        if not within:
            return False
        cuts = [0, self.chance.choice(within), length]
        found = in_pieces(op, _given(called), self.shared, cuts, self.chunk_size)
        return apart(called.o.detach(), found.o) <= ROUNDING

    def _feed(self, op: Op, called: Called, chunk_size: int, unit: int) -> None:
        length = called.leaves["q"].shape[2]
        cuts = draw_cuts(length, unit, self.chance)
        found = in_pieces(op, _given(called), self.shared, cuts, chunk_size)
        whole = [tuple(part.shape) for part in state_tensors(called.state)]
        for stop, state in zip(cuts[1:], found.states, strict=True):
            if (shapes := [tuple(part.shape) for part in state]) != whole:
                seen: dict[str, Field] = {"early": stop, "early_shapes": _words(shapes), "late": length}
                raise VariantRefused(Reason("failure.growing_state", seen | {"late_shapes": _words(whole)}))
        self._compare(op, called, found.o, "failure.audited_pieces", length=length, pieces=len(cuts) - 1)

    def _rolled(self, arguments: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Each sequence in the place of another; of a single one its tokens in another order."""
        rows = len(arguments["q"])
        if rows == 1:
            return {n: p.detach() if n in self.shared else p.detach().flip(2) for n, p in arguments.items()}
        by = self.chance.randrange(1, rows)
        return {name: part.detach().roll(by, 0) for name, part in arguments.items()}

    def _compare(self, op: Op, called: Called, again: Tensor, key: str, **seen: Field) -> None:
        o = called.o[:, :, : again.shape[2]].detach()
        lost = apart(o, again.detach())
        if lost <= ROUNDING:
            return
        noise = max(self._noise(op, called, again.shape[2]) for _ in range(2))
        if not lost <= min(MOST_ROUNDING, NOISE_MARGIN * noise):
            raise VariantRefused(Reason(key, {"lost": f"{lost:.2g}"} | seen))

    def _noise(self, op: Op, called: Called, tokens: int) -> float:
        """How far the outputs of so many tokens move when each argument is moved by a rounding."""
        chance = torch.Generator(called.o.device).manual_seed(self.chance.getrandbits(48))

        def moved(part: Tensor) -> Tensor:
            signs = torch.randint(0, 2, part.shape, generator=chance, device=part.device, dtype=part.dtype) * 2 - 1
            return part * (1 + ULP * signs)

        again = call_op(op, {name: moved(part) for name, part in _given(called).items()}, self.chunk_size)
        return apart(called.o[:, :, :tokens].detach(), again.o[:, :, :tokens].detach())


def apart(one: Tensor, other: Tensor) -> float:
    """The largest difference of two outputs, each token's in units of its own size as the norm behind the op has it.

    Measured by the largest output of all, one huge token would hide what becomes of the others. NaN where one holds it.
    """
    size = (one.square().mean(-1) + NORM_EPS).sqrt()
    return float(((one - other).abs().amax(-1) / size).max())


def _sound_tokens(o: Tensor) -> int:
    """How many tokens there are before the first output beyond LARGEST, or not finite, of any sequence and head."""
    broken = (~(o.abs() <= LARGEST)).any(-1).flatten(0, 1).any(0).nonzero()
    return int(broken[0]) if len(broken) else o.shape[2]


def _given(called: Called) -> dict[str, Tensor]:
    return {name: part.detach() for name, part in called.leaves.items()}


def _words(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join(str(shape[1:]) for shape in shapes)
