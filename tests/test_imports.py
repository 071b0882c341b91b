"""Imports point one way: read from the source, so that one inside a function counts as well."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


SOURCES = {module_name(path): path for path in (ROOT / "agent").rglob("*.py")}


def imports(name):
    """The modules that a module imports anywhere, its own project's with the whole of their names."""
    found = set()
    for node in ast.walk(ast.parse(SOURCES[name].read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            inside = {f"{node.module}.{alias.name}" for alias in node.names} & SOURCES.keys()
            found |= inside or {node.module}
    return found


IMPORTS = {name: imports(name) for name in SOURCES}


def reached(name):
    """All that a module imports, and all that those of this project import in turn."""
    found, ahead = set(), [name]
    while ahead:
        new = IMPORTS.get(ahead.pop(), set()) - found
        found |= new
        ahead += new
    return found


def test_the_walk_finds_what_is_there():
    assert len(SOURCES) > 20
    assert "agent.evaluator.protocols" in IMPORTS["agent.cli.evaluate"]
    assert "agent.evaluator.evaluation" in IMPORTS["agent.cli.evaluate"]  # inside a function
    assert {"torch", "agent.core.score"} <= reached("agent.cli.main")


def test_no_import_is_circular():
    TopologicalSorter(IMPORTS).prepare()


@pytest.mark.parametrize("name", ["agent.core.score", "agent.core.errors", "agent.core.temporary"])
def test_facts_and_errors_know_nobody(name):
    assert not [known for known in IMPORTS[name] if known.startswith("agent")]


def test_evaluation_needs_no_language_model_no_git_and_nobody_above_it():
    known = set().union(*(reached(name) for name in SOURCES if name.startswith("agent.evaluator")))
    packages = {name.partition(".")[0] for name in known}
    assert packages.isdisjoint({"openai", "git", "pandas", "typer", "rich", "pydantic", "jinja2"})
    ours = {name for name in known if name.partition(".")[0] == "agent"}
    assert not {
        name for name in ours if not name.startswith(("agent.evaluator", "agent.kernels"))
    } - {"agent.core.score", "agent.core.errors", "agent.core.baselines", "agent.core.temporary"}  # fmt: skip


def test_the_command_line_starts_without_anything_heavy():
    heavy = {"torch", "numpy", "pandas", "openai", "git"}
    loaded = subprocess.check_output(
        [sys.executable, "-c", "import agent.cli.main, sys; print(*sys.modules)"], text=True
    )
    assert heavy.isdisjoint(loaded.split())
