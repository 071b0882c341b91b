"""The contract file of a plan: the foreign function with what it calls, and an op that calls it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from agent.evaluator.contract.declaration import OP
from agent.evaluator.foreign.op import GIVEN, declared_name, op_of
from agent.evaluator.foreign.plan import Plan
from agent.evaluator.foreign.recurrence import bound, own_nodes

CREATED = frozenset({"arange", "empty", "eye", "full", "linspace", "ones", "tensor", "zeros"})  # by torch, on the CPU


def write_file(tree: ast.Module, plan: Plan, path: Path) -> str:
    """The source of a file that keeps the contract, if the plan is right."""
    wanted = _needed(tree, plan.function.name)
    kept = [node for node in _at_top(tree) if _kept(node, wanted)]
    body = [_Renamed(plan).visit(ast.parse(ast.unparse(node)).body[0]) for node in kept]
    imports = {"import torch", "import torch.nn.functional as F"}
    written = [ast.unparse(ast.fix_missing_locations(node)) for node in body]
    heads = sorted(imports | {text for text in written if text.startswith(("import ", "from "))})
    rest = [text for text in written if not text.startswith(("import ", "from "))]
    taken = {part.id for node in kept for part in ast.walk(node) if isinstance(part, ast.Name)} | wanted
    says = f'"""{plan.function.name} of {path.name}, made a mixer by `adapt`: what its layer does is not in it."""'
    return "\n\n\n".join([f"{says}\n\n" + "\n".join(heads) + _declarations(plan), *rest, op_of(plan, taken)]) + "\n"


def _at_top(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements of a file; imports that are tried, or stand under a condition, as if they were not.

    An annotation of a constant says nothing to an op.
    """
    for node in tree.body:
        if isinstance(node, ast.Try | ast.If):
            yield from (each for each in node.body if isinstance(each, ast.Import | ast.ImportFrom))
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield ast.copy_location(ast.Assign([node.target], node.value), node)
        else:
            yield node


def _needed(tree: ast.Module, name: str) -> set[str]:
    """The names that a function uses, and those that what it uses uses."""
    defined: dict[str, ast.stmt] = {}
    for node in _at_top(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined[node.name] = node
        elif isinstance(node, ast.Assign):
            defined |= dict.fromkeys(bound(node), node)
    found, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each in found:
            continue
        found.add(each)
        if each in defined:
            waiting += [node.id for node in ast.walk(defined[each]) if isinstance(node, ast.Name)]
    return found


def _kept(node: ast.stmt, wanted: set[str]) -> bool:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name in wanted
    if isinstance(node, ast.Assign):
        return any(name in wanted for name in bound(node))
    if isinstance(node, ast.Import | ast.ImportFrom):
        return any((alias.asname or alias.name).partition(".")[0] in wanted for alias in node.names)
    return False


class _Renamed(ast.NodeTransformer):
    """A function of the op's own name gets another; a state that starts at zero starts from what is handed in; and what
    the function makes lies on the device of its arguments."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(GIVEN + node.id, node.ctx) if node.id == OP else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = []
        if node.name == self.plan.function.name:
            _keep_on_device(node)
            if self.plan.patched:
                _patch(node, self.plan.starts)
        self.generic_visit(node)
        if node.name == OP:
            node.name = GIVEN + OP
        return node


def _keep_on_device(function: ast.FunctionDef) -> None:
    """Have a function make its tensors where its first argument lies: naive files often run on a CPU alone."""
    first = function.args.args[0].arg
    creating = {f"torch.{name}" for name in CREATED}
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in creating:
            continue
        if all(keyword.arg != "device" for keyword in node.keywords):
            node.keywords.append(ast.keyword("device", ast.parse(f"{first}.device", mode="eval").body))


def _patch(function: ast.FunctionDef, starts: tuple[str, ...]) -> None:
    """Give a function the state to begin with, and have it return the state beside what it returned."""
    function.args.args.append(ast.arg("initial_state"))
    if function.args.defaults:
        function.args.defaults.append(ast.Constant(None))
    body: list[ast.stmt] = []
    for statement in function.body:
        body.append(statement)
        for place, name in enumerate(starts):
            if isinstance(statement, ast.Assign) and name in bound(statement):
                whole = any(
                    isinstance(part, ast.Attribute) for part in ast.walk(statement.value)
                )  # zeros, not 0 or None
                handed = f"initial_state[{place}]" + f".to({name}.dtype)" * whole
                body += ast.parse(f"if initial_state is not None:\n    {name} = {handed}").body
    function.body = body
    for node in own_nodes(function):
        if isinstance(node, ast.Return) and node.value is not None:
            state = ast.Tuple([ast.Name(name, ast.Load()) for name in starts], ast.Load())
            node.value = ast.Tuple([node.value, state], ast.Load())


def _declarations(plan: Plan) -> str:
    inputs = {declared_name(each): each.kind for each in plan.given if each.source == "input"}
    parameters = {
        declared_name(each): (tuple(each.kind.split()), (0.0, 1.0)) for each in plan.given if each.source == "parameter"
    }
    lines = [f"LEARNED_INPUTS = {inputs!r}"] if inputs else []
    lines += [f"LEARNED_PARAMETERS = {parameters!r}"] if parameters else []
    return "\n\n" + "\n".join(lines) if lines else ""
