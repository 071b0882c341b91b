"""A variant's functions as equations: what each name stands for, and which arguments it is made of."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from agent.science.mechanisms.tree import alternatives, bare, called, either, factors, names, substituted

OP, STATE = "delta_rule_chunkwise", "initial_state"
DEEPEST = 6  # names that are looked up one behind the other
MOST_LOOKS = 3_000  # at what the names of a function are bound to; known files need fewer than 200


class TooTangled(Exception):
    """A file in which so many names stand for so many others that reading it would take too long."""


@dataclass(eq=False)
class Function:
    """A function of a variant: what each of its names is bound to, loops and branches taken together.

    `roles` are the op's arguments that each of its own is made of; `state` are those that hand it a state.
    """

    name: str
    arguments: tuple[str, ...]
    roles: dict[str, set[str]] = field(default_factory=dict)
    state: set[str] = field(default_factory=set)
    bindings: dict[str, list[ast.expr]] = field(default_factory=dict)
    returns: list[ast.expr] = field(default_factory=list)
    expressions: list[ast.expr] = field(default_factory=list)
    walks_states: bool = False  # whether a loop goes through the parts of the state
    looks: int = 0

    def bind(self, target: ast.expr, value: ast.expr) -> None:
        """Take a name, or each name of a tuple, to stand for a value."""
        match target:
            case ast.Name(id=name):
                self.bindings.setdefault(name, []).append(value)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                parts = self.elements(value)
                told = parts if parts is not None and len(parts) == len(targets) else [value] * len(targets)
                for each, part in zip(targets, told, strict=True):
                    self.bind(each, part)

    def elements(self, value: ast.expr, deep: int = 0) -> list[ast.expr] | None:
        """The parts of a tuple, a list or a generator over one; None where they cannot be told."""
        if deep > DEEPEST:
            return None
        match value:
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return self._spread(parts, deep + 1)
            case ast.Name(id=name) if name in self.bindings:
                found = self.elements(self.bindings[name][-1], deep + 1)
                return [either(part, value) for part in found] if found and name in self.arguments else found
            case ast.IfExp(body=body, orelse=orelse):
                one, other = self.elements(body, deep + 1), self.elements(orelse, deep + 1)
                if one is None or (other is not None and len(one) != len(other)):
                    return None
                return [either(a, b) for a, b in zip(one, other or [orelse] * len(one), strict=True)]
            case ast.GeneratorExp(elt=elt, generators=[only]) | ast.ListComp(elt=elt, generators=[only]):
                over = self.elements(only.iter, deep + 1)
                if over is None or not isinstance(only.target, ast.Name):
                    return None
                return [substituted(elt, only.target.id, part) for part in over]
        return None

    def _spread(self, parts: Sequence[ast.expr], deep: int) -> list[ast.expr] | None:
        spread: list[ast.expr] = []
        for part in parts:
            inner = self.elements(part.value, deep) if isinstance(part, ast.Starred) else [part]
            if inner is None:
                return None
            spread += inner
        return spread

    def iterate(self, target: ast.expr, over: ast.expr) -> None:
        """Take the names of a loop to stand for what it goes through."""
        self.walks_states |= isinstance(over, ast.Name) and over.id == STATE
        if isinstance(over, ast.Name) and over.id != STATE and len(self.bindings.get(over.id, ())) == 1:
            over = self.bindings[over.id][0]
        match target, over:
            case ast.Tuple(elts=[_, inner]), ast.Call(args=[counted, *_]) if called(over) == "enumerate":
                self.iterate(inner, counted)
            case _, ast.Call(args=parts) if called(over) == "zip":
                self.bind(target, ast.Tuple([*parts]))
            case _:
                self.bind(target, over)

    def values(self, name: str) -> Sequence[ast.expr]:
        """What a name is bound to. Raises TooTangled where that was asked too often."""
        self.looks += 1
        if self.looks > MOST_LOOKS:
            raise TooTangled(self.name)
        return self.bindings.get(name, ())

    def meanings(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> Iterator[ast.expr]:
        """What an expression may stand for: itself, and of a name all that it is bound to, and so on."""
        for each in alternatives(node):
            yield each
            if isinstance(each, ast.Name) and each.id not in seen and len(seen) < DEEPEST:
                for value in self.values(each.id):
                    yield from self.meanings(value, seen | {each.id})

    def terms(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> Iterator[ast.expr]:
        """What is added up to an expression, names that stand for sums looked up; a state's own name is left."""
        for each in alternatives(node):
            match each:
                case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
                    yield from self.terms(left, seen)
                    yield from self.terms(right, seen)
                case ast.UnaryOp(operand=operand):
                    yield from self.terms(operand, seen)
                case ast.Name(id=name) if name in self.bindings and name not in self.states | seen:
                    for value in self.values(name):
                        yield from self.terms(value, seen | {name})
                case _:
                    yield each

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of every expression."""
        return [node for each in self.expressions for node in ast.walk(each)]

    @cached_property
    def sums(self) -> list[tuple[str, ast.BinOp]]:
        """Every sum and difference, with the name that what holds it is bound to."""
        found = ((name, node) for name, values in self.bindings.items() for value in values for node in ast.walk(value))
        return [
            (name, node)
            for name, node in found
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)
        ]

    @cached_property
    def quotients(self) -> list[ast.BinOp]:
        """Every division."""
        return [node for node in self.nodes if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)]

    def calls(self, *wanted: str) -> Iterator[ast.Call]:
        """Every call of some functions or methods."""
        for name in wanted:
            yield from self._calls.get(name, ())

    @cached_property
    def _calls(self) -> Mapping[str, list[ast.Call]]:
        found: dict[str, list[ast.Call]] = {}
        for node in self.nodes:
            if isinstance(node, ast.Call):
                found.setdefault(called(node), []).append(node)
        return found

    @cached_property
    def reached(self) -> Mapping[str, set[str]]:
        """Name -> all names that what it stands for is made of, itself among them."""
        found = {name: {name} | {n for value in values for n in names(value)} for name, values in self.bindings.items()}
        changed = True
        while changed:
            changed = False
            for name, known in found.items():
                more = set().union(*(found.get(each, {each}) for each in known)) | known
                if more != known:
                    found[name], changed = more, True
        return found

    def made_of(self, node: ast.AST) -> set[str]:
        """All names that an expression is made of."""
        return set().union(*(self.reached.get(name, {name}) for name in names(node)), set())

    def origins(self, node: ast.AST) -> set[str]:
        """The op's arguments that an expression is made of."""
        return set().union(*(self.roles.get(name, set()) for name in self.made_of(node)), set())

    @cached_property
    def states(self) -> frozenset[str]:
        """The names that stand, at first, for a state that an earlier call returned, or a part of it."""
        return frozenset(
            name
            for name, values in self.bindings.items()
            if name not in self.state and any(self._hands_on(value) for value in values)
        ) | frozenset(name for name in self.state if name in self.bindings and name != STATE)

    def _hands_on(self, value: ast.expr) -> bool:
        return any(isinstance(each, ast.Name) and each.id in self.state for each in alternatives(value))

    def updates(self, state: str) -> list[ast.expr]:
        """What a state is set to, but for its beginning."""
        return [value for value in self.bindings.get(state, ()) if not self._hands_on(value)]

    def is_scaled(self, node: ast.expr, argument: str, seen: frozenset[str] = frozenset()) -> bool:
        """Whether an expression is an argument of the op itself, perhaps multiplied entry by entry or normalised."""
        return any(self._leads_to(each, argument, seen) for each in alternatives(node))

    def _leads_to(self, node: ast.expr, argument: str, seen: frozenset[str]) -> bool:
        match node:
            case ast.Name(id=name):
                if self.roles.get(name) == {argument}:
                    return True
                known = self.values(name) if name not in seen else ()
                return any(self.is_scaled(value, argument, seen | {name}) for value in known)
            case ast.Call(args=[first, *_]) if called(node) in ("normalize", "rms_norm", "silu"):
                return self.is_scaled(first, argument, seen)
            case ast.BinOp(op=ast.Mult() | ast.Div()):
                return any(self.is_scaled(part, argument, seen) for part in factors(node))
        return False


@dataclass(frozen=True)
class Reading:
    """A variant's functions, its op first, and what it declares: learned inputs and parameters with their widths."""

    functions: tuple[Function, ...]
    inputs: Mapping[str, str]
    parameters: Mapping[str, tuple[object, ...]]

    @property
    def op(self) -> Function:
        return self.functions[0]

    @classmethod
    def of(cls, source: str) -> "Reading | None":
        """Read a file; None for one that is no variant, or declares nothing that can be read."""
        try:
            body = ast.parse(source).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        written = [node for node in body if isinstance(node, ast.FunctionDef)]
        written.sort(key=lambda node: node.name != OP)
        if not written or written[0].name != OP:
            return None
        inputs, parameters = _declared(body, "LEARNED_INPUTS"), _declared(body, "LEARNED_PARAMETERS")
        found = [_function(node) for node in written]
        own = found[0]
        own.roles = {name: {name} for name in own.arguments if name not in (STATE, "chunk_size")}
        own.state = {STATE}
        _hand_down(found)
        shapes = {str(name): _shape(each) for name, each in parameters.items()}
        return cls(tuple(found), {str(name): str(width) for name, width in inputs.items()}, shapes)


def _shape(declared: object) -> tuple[object, ...]:
    """The shape of a declared parameter; nothing where there is none to be read."""
    match declared:
        case [[*shape], *_]:
            return tuple(shape)
    return ()


def _declared(body: Sequence[ast.stmt], name: str) -> dict[str, object]:
    for node in body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]:
            try:
                return dict(ast.literal_eval(node.value))
            except (ValueError, TypeError):
                return {}
    return {}


def _function(node: ast.FunctionDef) -> Function:
    spec = node.args
    found = Function(node.name, tuple(each.arg for each in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)))
    for inner in _in_order(node.body):
        match inner:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    found.bind(target, value)
            case ast.AugAssign(target=target, op=op, value=value):
                found.bind(target, ast.BinOp(target, op, value))
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                found.bind(target, value)
            case ast.For(target=target, iter=over):
                found.iterate(target, over)
            case ast.Return(value=ast.expr() as value):
                found.returns.append(value)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name() as held, attr="append"), args=[value])):
                found.bind(held, value)
        found.expressions += [each for each in ast.iter_child_nodes(inner) if isinstance(each, ast.expr)]
    return found


def _in_order(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement, as it stands in the file; a function within the function counts as a part of it."""
    for node in body:
        yield node
        for name in ("body", "orelse", "finalbody"):
            yield from _in_order(getattr(node, name, ()))


def _hand_down(functions: Sequence[Function]) -> None:
    """Tell each function of a file what its arguments are made of where others of the file call it."""
    by_name = {each.name: each for each in functions}
    for _ in functions:
        for caller in functions:
            for node in caller.calls(*(name for name in by_name if name != OP)):
                callee = by_name[called(node)]
                given = [*zip(callee.arguments, node.args, strict=False)]
                given += [(each.arg, each.value) for each in node.keywords if each.arg in callee.arguments]
                for name, value in given:
                    callee.roles.setdefault(name, set()).update(caller.origins(value))
                    held = bare(value)
                    if isinstance(held, ast.Name) and held.id in caller.states | caller.state:
                        callee.state.add(name)
        for each in functions:
            each.__dict__.pop("states", None)
