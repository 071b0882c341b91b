"""Recognisers of what stands around a variant's memory: on the way in, beside it, and on the way out."""

import ast
from collections.abc import Iterator

from agent.science.mechanisms.memories import is_gate, memories
from agent.science.mechanisms.reading import STATE, Function, Reading
from agent.science.mechanisms.tree import alternatives, bare, called, calls, factors, names, products, subject, terms


def outputs(function: Function) -> Iterator[ast.expr]:
    """The terms of what an op returns, also of what it multiplies by a gate."""
    for returned in function.returns:
        for each in alternatives(returned):
            first = each.elts[0] if isinstance(each, ast.Tuple) and each.elts else each
            for term in function.terms(first):
                yield term
                for factor in factors(term):
                    if isinstance(factor, ast.Name) and not any(function.is_scaled(factor, each) for each in "qkv"):
                        yield from function.terms(factor)


def has_value_skip(reading: Reading) -> bool:
    """Whether a multiple of the value goes past the memory."""
    return any(_past(reading.op, term, "v") and not _by_its_key(reading.op, term) for term in outputs(reading.op))


def has_current_token_bonus(reading: Reading) -> bool:
    """The same, weighted by how the query meets the token's own key."""
    return any(_past(reading.op, term, "v") and _by_its_key(reading.op, term) for term in outputs(reading.op))


def _past(function: Function, term: ast.expr, argument: str) -> bool:
    parts = [*factors(term)]
    return not any(any(products(part)) for part in parts) and any(function.is_scaled(part, argument) for part in parts)


def _by_its_key(function: Function, term: ast.expr) -> bool:
    return any({"q", "k"} <= function.origins(each) for part in factors(term) for each in calls(part, "sum"))


def has_query_correction(reading: Reading) -> bool:
    """Whether a share of the token's own key is taken off its query."""
    op = reading.op
    return any(
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Sub)
        and not any(products(node))
        and op.is_scaled(node.left, "q")
        and op.is_scaled(node.right, "k")
        for node in op.nodes
    )


def has_output_gate(reading: Reading) -> bool:
    """Whether all that is returned is multiplied by what a sigmoid or SiLU makes of a learned input."""
    op = reading.op
    for returned in op.returns:
        for each in alternatives(returned):
            first = each.elts[0] if isinstance(each, ast.Tuple) and each.elts else each
            for meaning in op.meanings(first):
                for part in factors(meaning):
                    gated = called(part) in ("silu", "sigmoid") or is_gate(op, part)
                    if gated and op.origins(part) and op.origins(part) <= {*reading.inputs, *reading.parameters}:
                        return True
    return False


def has_convolution(reading: Reading) -> bool:
    """Whether shifted copies are summed with a weight each."""
    for function in reading.functions:
        summed = [part for call in function.calls("sum") for part in call.args]
        if any(_sums_shifts(part) for part in summed if isinstance(part, ast.GeneratorExp | ast.ListComp)):
            return True
        if any(function.calls("conv1d", "short_conv")):
            return True
    return False


def _sums_shifts(node: ast.GeneratorExp | ast.ListComp) -> bool:
    shift = node.generators[0].target
    weighted = any(isinstance(each, ast.BinOp) and isinstance(each.op, ast.Mult) for each in ast.walk(node.elt))
    if not isinstance(shift, ast.Name) or not weighted:
        return False
    cuts = [n for n in ast.walk(node.elt) if isinstance(n, ast.Slice) and shift.id in names(n)]
    taps = [n for n in ast.walk(node.elt) if isinstance(n, ast.Subscript) and shift.id in names(n.slice)]
    return bool(cuts) and len(taps) > 1


def has_rotation(reading: Reading) -> bool:
    """Whether pairs of channels are turned: a cos - b sin beside a sin + b cos."""
    for function in reading.functions:
        nodes = [node for node in function.nodes if isinstance(node, ast.BinOp)]
        if any(_turns(function, n, ast.Sub) for n in nodes) and any(_turns(function, n, ast.Add) for n in nodes):
            return True
    return False


def _turns(function: Function, node: ast.BinOp, sign: type[ast.operator]) -> bool:
    if not isinstance(node.op, sign):
        return False
    waves = [{wave for part in factors(side) for wave in _waves(function, part)} for side in (node.left, node.right)]
    return waves in ([{"cos"}, {"sin"}], [{"sin"}, {"cos"}])


def _waves(function: Function, part: ast.expr) -> set[str]:
    found = {called(each) for each in function.meanings(part)} & {"cos", "sin"}
    if found or not isinstance(part, ast.Name):
        return found
    return {wave for wave in ("cos", "sin") if part.id.lower().startswith(wave)}


def has_feature_map(reading: Reading) -> bool:
    """Whether queries or keys go through a function of their own."""
    op = reading.op
    asked = [subject(call) for call in op.calls("softmax", "elu", "relu", "exp", "softplus", "gelu")]
    return any(each is not None and (op.is_scaled(each, "q") or op.is_scaled(each, "k")) for each in asked)


def has_centred_keys(reading: Reading) -> bool:
    """Whether the mean over its channels is taken off a key."""
    return any(reading.op.is_scaled(call.args[0], "k") for call in reading.op.calls("layer_norm") if call.args)


def has_softmax_within(reading: Reading) -> bool:
    """Whether the scores within a chunk, which no memory takes part in, become a softmax."""
    return _softmax_of_scores(reading, window=False)


def has_window_attention(reading: Reading) -> bool:
    """Whether a softmax goes over tokens that are handed on from chunk to chunk."""
    return _softmax_of_scores(reading, window=True)


def _softmax_of_scores(reading: Reading, window: bool) -> bool:
    for function in reading.functions:
        tails = {name for name in function.states if any(_joins(value, name) for value in function.updates(name))}
        for asked in filter(None, map(subject, function.calls("softmax"))):
            found = [product for meant in _masked(function, asked) for product in products(meant)]
            found = [product for product in found if _is_score(function, product)]
            if not found or any(names(product) & {*memories(function)} for product in found):
                continue
            if window == any(tails & names(product) for product in found):
                return True
    return False


def _is_score(function: Function, product: ast.BinOp) -> bool:
    """Whether a product is of queries with keys."""
    left, right = function.origins(product.left), function.origins(product.right)
    return "q" in left and "k" not in left and "k" in right and "q" not in right


def _masked(function: Function, node: ast.expr) -> Iterator[ast.expr]:
    """What an expression may stand for, a mask taken off."""
    for each in function.meanings(node):
        yield each
        if isinstance(each, ast.Call) and called(each) in ("masked_fill", "where") and subject(each) is not None:
            inner = subject(each)
            assert inner is not None
            yield from _masked(function, inner)


def _joins(value: ast.expr, name: str) -> bool:
    return any(name in names(call) for call in calls(value, "cat", "concat"))


def has_negative_eigenvalues(reading: Reading) -> bool:
    """Whether beta is doubled."""
    for node in reading.op.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            parts = [*factors(node)]
            doubled = any(isinstance(part, ast.Constant) and part.value == 2 for part in parts)
            if doubled and any(_is_beta(reading.op, part) for part in parts):
                return True
    return False


def _is_beta(op: Function, part: ast.expr) -> bool:
    if op.is_scaled(part, "beta"):
        return True
    return isinstance(part, ast.Call) and any(op.is_scaled(argument, "beta") for argument in part.args)


def has_implicit_step(reading: Reading) -> bool:
    """Whether beta becomes beta / (1 + beta ...)."""
    op = reading.op
    return any(
        op.is_scaled(node.left, "beta")
        and any(isinstance(term, ast.Constant) and term.value == 1 for term in terms(node.right))
        and any(op.is_scaled(part, "beta") for term in terms(node.right) for part in factors(term))
        for node in op.quotients
    )


def has_steps_a_token(reading: Reading) -> bool:
    """Whether each token becomes several, of whose outputs only some are kept."""
    stacked = any(
        called(subject(call) or call) == "stack" for function in reading.functions for call in function.calls("flatten")
    )
    slices = [node for node in reading.op.nodes if isinstance(node, ast.Slice)]
    steps = [node.step.value for node in slices if isinstance(node.step, ast.Constant)]
    return stacked and any(isinstance(step, int) and step > 1 for step in steps)


def has_learned_start(reading: Reading) -> bool:
    """Whether a memory begins as a learned parameter."""
    found = [node for node in reading.op.nodes if isinstance(node, ast.IfExp) and STATE in names(node.test)]
    begun = {_name(part) for node in found for branch in (node.body, node.orelse) for part in _parts(branch)}
    return bool(begun & {*reading.parameters})


def _parts(node: ast.expr) -> list[ast.expr]:
    return [*node.elts] if isinstance(node, ast.Tuple) else [node]


def _name(node: ast.expr) -> str:
    inner = bare(node)
    return inner.id if isinstance(inner, ast.Name) else ""
