"""Recognisers of what memories there are, and how they fade."""

import ast
from functools import lru_cache

from agent.science.mechanisms.memories import (
    ASKED_AGAIN,
    calls,
    covariances,
    held,
    is_square,
    kept_shares,
    memories,
    reads_slots,
    written,
)
from agent.science.mechanisms.reading import Function, Reading
from agent.science.mechanisms.tree import factors, products

FADING = ("decay_between", "channel_decay_between")
CHANNELS = {"key", "value"}


@lru_cache(maxsize=ASKED_AGAIN)
def momenta(function: Function) -> set[str]:
    """Memories that fade, and that are added to another memory entry by entry."""
    known = memories(function)
    return {
        other
        for state in known
        for term in written(function, state)
        for other in held(function, term)
        if other != state and other in known and kept_shares(function, other)
    }


@lru_cache(maxsize=ASKED_AGAIN)
def second_moments(function: Function) -> set[str]:
    """Running means of squares that stand below what is written."""
    found = set()
    for state in memories(function):
        for term in written(function, state):
            for node in (each for meaning in function.meanings(term) for each in ast.walk(meaning)):
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                    below = function.made_of(node.right) & function.states
                    found |= {other for other in below if kept_shares(function, other) and _squares(function, other)}
    return found


def _squares(function: Function, state: str) -> bool:
    return any(is_square(node) for term in written(function, state) for node in ast.walk(term))


def has_momentum(reading: Reading) -> bool:
    return any(momenta(function) for function in reading.functions)


def has_adaptive_step(reading: Reading) -> bool:
    return any(second_moments(function) for function in reading.functions)


def fading_memories(function: Function) -> list[str]:
    """The memories that fade: not momenta, running squares and slots, which fade as a part of what they are."""
    if reads_slots(function):
        return []
    apart = momenta(function) | second_moments(function)
    return [state for state in memories(function) if state not in apart and kept_shares(function, state)]


def has_decay(reading: Reading) -> bool:
    return calls(reading, *FADING) or any(fading_memories(function) for function in reading.functions)


def has_channel_decay(reading: Reading) -> bool:
    """Whether what a memory keeps is chosen for each channel: by an input or a parameter that has one a channel."""
    if has_slots(reading):
        return False
    if calls(reading, "channel_decay_between"):
        return True
    wide = {name for name, width in reading.inputs.items() if width in CHANNELS}
    wide |= {name for name, shape in reading.parameters.items() if CHANNELS & {*map(str, shape)}}
    shares = (
        set().union(*(function.origins(factor) for factor in share))
        for function in reading.functions
        for state in fading_memories(function)
        for share in kept_shares(function, state)
    )
    return any(found & wide and not found & {"q", "k", "v"} for found in shares)


def has_slots(reading: Reading) -> bool:
    """Whether a softmax over what a memory answers reads another one."""
    return any(map(reads_slots, reading.functions))


def has_second_memory(reading: Reading) -> bool:
    """Whether values are kept in more than one memory; the keys and the values of slots are one together."""
    if reading.op.walks_states and any(memories(function) for function in reading.functions):
        return True
    count = 0
    for function in reading.functions:
        apart = momenta(function) | second_moments(function) | set(covariances(function))
        known = [state for state in memories(function) if state not in apart]
        count += len(known) - reads_slots(function)
    return count > 1


def has_least_squares(reading: Reading) -> bool:
    return any(covariances(function) for function in reading.functions)


def has_value_trace(reading: Reading) -> bool:
    """Whether a running mean of the values, without keys, is handed on."""
    for function in reading.functions:
        for state in function.states - set(memories(function)):
            shares = kept_shares(function, state)
            added = [term for term in written(function, state) if not any(products(term))]
            made = [set().union(*(function.origins(factor) for factor in factors(term)), set()) for term in added]
            if shares and any("v" in origins and not origins & {"q", "k"} for origins in made):
                return True
    return False
