"""An op whose file is run anew for each call, so that nothing of a file outlives one.

What a file makes where it is read, a table, a list, a class, an object of a library, could be changed by one call and
seen by the next: then an op could remember what it answered, and no audit that asks it again would say anything. The
gate refuses what it sees of that (agent/evaluator/contract/top.py); this leaves nothing to be seen. A file of
functions and plain constants holds nothing that can change, and is run once.
"""

import ast
import functools
from collections.abc import Callable
from types import CodeType, ModuleType
from typing import Any

from agent.evaluator.contract.declaration import OP


def holds_nothing(tree: ast.Module) -> bool:
    """Whether all that a file makes where it is read are functions, and constants that are written out."""
    constants: set[str] = set()
    for statement in tree.body:
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Expr(value=ast.Constant()):
                continue
            case ast.FunctionDef(decorator_list=[], args=arguments):
                defaults = [*arguments.defaults, *(default for default in arguments.kw_defaults if default)]
                if all(_constant(default, constants) for default in defaults):
                    continue
            case ast.Assign(targets=targets, value=value):
                names = {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
                if names <= {"LEARNED_INPUTS", "LEARNED_PARAMETERS"} or _constant(value, constants):
                    constants |= names
                    continue
        return False
    return True


def fresh_op(code: CodeType, module: ModuleType) -> Callable[..., tuple[Any, Any]]:
    """The op of a module that was made by this code; it makes the module anew whenever it is called."""

    @functools.wraps(getattr(module, OP))
    def op(*arguments: Any, **options: Any) -> tuple[Any, Any]:
        names: dict[str, Any] = {"__name__": module.__name__, "__file__": module.__file__}
        exec(code, names)
        returned: tuple[Any, Any] = names[OP](*arguments, **options)
        return returned

    return op


def _constant(node: ast.expr, constants: set[str]) -> bool:
    """Whether a value is made of numbers, texts and constants of the file alone."""
    match node:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name in constants
        case ast.UnaryOp(operand=operand):
            return _constant(operand, constants)
        case ast.BinOp(left=left, right=right):
            return _constant(left, constants) and _constant(right, constants)
        case ast.Tuple(elts=parts):
            return all(_constant(part, constants) for part in parts)
    return False
