"""The memories of a variant: which states they are, what is added to them and what of them is kept."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from agent.science.mechanisms.reading import Function, Reading
from agent.science.mechanisms.tree import alternatives, called, factors

CORRECTING = ("unit_lower_inverse", "solve_triangular")
TURNING = {"transpose", "mT", "T", "mH", "permute", "movedim", "swapaxes"}
ASKED_AGAIN = 256  # answers about functions that are kept


def added_products(function: Function, term: ast.expr) -> Iterator[ast.BinOp]:
    """The matrix products of which a term is a multiple."""
    for factor in factors(term):
        for meaning in function.meanings(factor):
            if isinstance(meaning, ast.BinOp) and isinstance(meaning.op, ast.MatMult):
                yield meaning
            elif isinstance(meaning, ast.BinOp) and meaning is not term:
                yield from added_products(function, meaning) if isinstance(meaning.op, ast.Mult | ast.Div) else ()


@lru_cache(maxsize=ASKED_AGAIN)
def written(function: Function, state: str) -> list[ast.expr]:
    """The terms that are added to a state, its own rest left out."""
    found = (term for update in function.updates(state) for term in function.terms(update))
    return [term for term in found if state not in held(function, term)]


def held(function: Function, term: ast.expr, seen: frozenset[str] = frozenset()) -> set[str]:
    """The states of which a term is a multiple, entry by entry."""
    found: set[str] = set()
    for factor in factors(term):
        for each in alternatives(factor):
            if isinstance(each, ast.Name) and each.id in function.states:
                found.add(each.id)
            elif isinstance(each, ast.Name) and each.id not in seen:
                for value in function.values(each.id):
                    found |= held(function, value, seen | {each.id})
            elif isinstance(each, ast.BinOp) and each is not term and isinstance(each.op, ast.Mult | ast.Div):
                found |= held(function, each, seen)
    return found


@lru_cache(maxsize=ASKED_AGAIN)
def memories(function: Function) -> list[str]:
    """The states to which outer products are added, or another such state."""
    added = {state: written(function, state) for state in function.states}
    found = {state for state, terms in added.items() if any(_is_outer(function, term) for term in terms)}
    more = {state for state, terms in added.items() if any(held(function, term) & found for term in terms)}
    return sorted(found | more)


def _is_outer(function: Function, term: ast.expr) -> bool:
    """Whether a term is a sum of outer products over tokens, whose left side is turned to stand upright."""
    return _outer(term) or any(
        called(meaning) in TURNING or (isinstance(meaning, ast.Attribute) and meaning.attr in TURNING)
        for product in added_products(function, term)
        for meaning in (product.left, *_bound(function, product.left))
    )


def _bound(function: Function, node: ast.expr) -> list[ast.expr]:
    return function.bindings.get(node.id, []) if isinstance(node, ast.Name) else []


def _outer(term: ast.expr) -> bool:
    """Whether a term is an outer product by broadcasting, a.unsqueeze(-1) * b.unsqueeze(-2)."""
    if not (isinstance(term, ast.BinOp) and isinstance(term.op, ast.Mult)):
        return False
    sides = [side for side in (term.left, term.right) if called(side) == "unsqueeze" and isinstance(side, ast.Call)]
    return len(sides) == 2 and len({ast.unparse(side.args[0]) for side in sides if side.args}) == 2


def kept_shares(function: Function, state: str) -> list[list[ast.expr]]:
    """By what a state is multiplied before anything is added: the factors beside it, for each update that has any."""
    found = []
    for update in function.updates(state):
        for term in function.terms(update):
            others = [each for each in factors(term) if not (isinstance(each, ast.Name) and each.id == state)]
            if others and len(others) < len([*factors(term)]):
                found.append(others)
    return found


def is_square(node: ast.AST) -> bool:
    """Whether a node is x**2, x.square() or torch.square(x)."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return isinstance(node.right, ast.Constant) and node.right.value == 2
    return called(node) == "square"


def covariances(function: Function) -> list[str]:
    """Memories of products of keys with keys."""
    return [
        state
        for state in memories(function)
        for term in written(function, state)
        for product in added_products(function, term)
        if "k" in function.origins(product.left)
        and "k" in function.origins(product.right)
        and not {"v", "q"} & function.origins(product.right)
        and function.is_scaled(product.right, "k")
    ]


@lru_cache(maxsize=ASKED_AGAIN)
def reads_slots(function: Function) -> bool:
    """Whether a softmax is made of what a memory answers."""
    known = {*memories(function)}
    return bool(known) and any(known & function.made_of(call) for call in function.calls("softmax"))


def is_gate(function: Function, factor: ast.expr) -> bool:
    """Whether a factor is what a sigmoid or a softplus made of something else."""
    meant = function.meanings(factor)
    return any(called(each) in ("sigmoid", "softplus", "hardsigmoid") for each in meant)


def calls(reading: Reading, *wanted: str) -> bool:
    """Whether any function of a variant calls one of these."""
    return any(any(function.calls(*wanted)) for function in reading.functions)
