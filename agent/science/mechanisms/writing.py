"""Recognisers of what is written into a memory, and of what that depends on."""

import ast
from functools import lru_cache

from agent.science.mechanisms.memories import (
    ASKED_AGAIN,
    CORRECTING,
    added_products,
    calls,
    covariances,
    is_gate,
    is_square,
    memories,
    written,
)
from agent.science.mechanisms.reading import Function, Reading
from agent.science.mechanisms.tree import factors, names, products, subject


def has_no_correction(reading: Reading) -> bool:
    """Whether what is written never depends on what the memory answers: plain linear attention."""
    known = [(function, state) for function in reading.functions for state in memories(function)]
    if not known or any(map(covariances, reading.functions)) or calls(reading, *CORRECTING, "inv", "inverse", "solve"):
        return False
    return not any(
        {*memories(function)} & set().union(*(function.made_of(factor) for factor in factors(term)))
        for function, state in known
        for term in written(function, state)
    )


@lru_cache(maxsize=ASKED_AGAIN)
def errors(function: Function) -> set[str]:
    """Names of what is to be written less what the memory answers."""
    return {name for name, node in function.sums if name not in function.states and _corrects(function, node)}


def _corrects(function: Function, node: ast.AST) -> bool:
    """Whether a node is something less what a memory answers."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)):
        return False
    return any({*memories(function)} & names(product.right) for product in products(node.right))


def _holds_error(function: Function, call: ast.Call) -> bool:
    """Whether a call works on an error, by its name or where it is made."""
    return bool(errors(function) & names(call)) or any(_corrects(function, node) for node in ast.walk(call))


def has_bounded_error(reading: Reading) -> bool:
    """Whether an error goes through a function that bounds it, entry by entry."""
    return any(
        _holds_error(function, call)
        for function in reading.functions
        for call in function.calls("tanh", "clamp", "softsign", "hardtanh", "clip")
    )


def has_normalised_error(reading: Reading) -> bool:
    """Whether an error is divided by its own size."""
    for function in reading.functions:
        known = errors(function)
        if any(_holds_error(function, call) for call in function.calls("normalize", "rms_norm", "layer_norm")):
            return True
        if any(known & names(node.left) & names(node.right) for node in function.quotients):
            return True
    return False


def has_preconditioned_keys(reading: Reading) -> bool:
    """Whether a running sum of squared keys is handed on."""
    for function in reading.functions:
        plain = function.states - {*memories(function)}
        for _, node in function.sums if plain else ():
            sides = (node.left, node.right)
            if any(plain & names(one) and _of_squared_keys(function, two) for one, two in (sides, sides[::-1])):
                return True
    return False


def _of_squared_keys(function: Function, node: ast.expr) -> bool:
    return any(
        is_square(each) and function.is_scaled(_squared(each), "k")
        for meaning in function.meanings(node)
        for each in ast.walk(meaning)
    )


def _squared(node: ast.AST) -> ast.expr:
    if isinstance(node, ast.BinOp):
        return node.left
    assert isinstance(node, ast.Call)
    return subject(node) or node


def has_write_gate(reading: Reading) -> bool:
    """Whether what is written is multiplied by a gate: a value by that of a learned input, or a whole update."""
    for function in reading.functions:
        for state in memories(function):
            for term in written(function, state):
                if any(added_products(function, term)) and any(is_gate(function, part) for part in factors(term)):
                    return True
        into = {n for state in memories(function) for term in written(function, state) for n in function.made_of(term)}
        for name, values in function.bindings.items():
            if name in into and any(_gated(reading, function, value, "v") for value in values):
                return True
            if name in into and any(_scaled_key(function, value) for value in values):
                return True
    return False


def _scaled_key(function: Function, value: ast.expr) -> bool:
    """Whether a key is made smaller by a gate of the betas."""
    parts = [*factors(value)]
    return any(function.is_scaled(part, "k") for part in parts) and any(
        is_gate(function, part) and "beta" in function.origins(part) and "v" not in function.origins(part)
        for part in parts
    )


def has_erase_gate(reading: Reading) -> bool:
    """Whether the keys by which a memory is corrected are multiplied by the gate of a learned input."""
    for function in reading.functions:
        into = {name for call in function.calls(*CORRECTING) for name in function.made_of(call)}
        for name, values in function.bindings.items():
            if name in into and any(_gated(reading, function, value, "k") for value in values):
                return True
    return False


def _gated(reading: Reading, function: Function, value: ast.expr, argument: str) -> bool:
    """Whether a value is an argument times a gate of a learned input."""
    parts = [*factors(value)]
    gates = [part for part in parts if is_gate(function, part) and function.origins(part) & {*reading.inputs}]
    others = [part for part in parts if part not in gates]
    return bool(gates) and any(function.is_scaled(part, argument) for part in others)
