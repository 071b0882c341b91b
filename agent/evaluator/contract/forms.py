"""Listed functions that are harmless in one form alone: a class decorator, and attention without dropout."""

import ast
from collections.abc import Mapping

from agent.core.reason import Reason
from agent.evaluator.contract.modules import Modules, Refusals, imported_functions

ATTENTION = "torch.nn.functional.scaled_dot_product_attention"
DATACLASS = "dataclasses.dataclass"
DROPOUT = 4  # the place of dropout_p among its arguments


def other_forms(tree: ast.Module, modules: Modules) -> Refusals:
    """Where such a function stands in another form.

    dataclass as a function writes into any class that it is given, and dropout draws from torch's own generator.
    """
    imported = imported_functions(tree)
    decorators = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for each in node.decorator_list
        for part in (each, each.func if isinstance(each, ast.Call) else each)
    }
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and not _drops(node)}
    for node in ast.walk(tree):
        match _named(node, modules, imported):
            case name if name == DATACLASS and id(node) not in decorators:
                yield node, Reason("failure.dataclass_called")
            case name if name == ATTENTION and id(node) not in called:
                yield node, Reason("failure.attention_dropout")


def _named(node: ast.AST, modules: Modules, imported: Mapping[str, str]) -> str:
    """The full name of the listed function that is read here; "" for anything else."""
    if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return ""
    return modules.function(node, imported)


def _drops(call: ast.Call) -> bool:
    """Whether attention is called with a dropout that is not plainly zero, or not with all arguments written out."""
    if any(isinstance(each, ast.Starred) for each in call.args) or any(each.arg is None for each in call.keywords):
        return True
    given = [*call.args[DROPOUT : DROPOUT + 1], *(each.value for each in call.keywords if each.arg == "dropout_p")]
    return any(not (isinstance(each, ast.Constant) and each.value == 0) for each in given)
