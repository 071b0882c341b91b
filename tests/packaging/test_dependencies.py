"""What the code imports, and what runs the tests, is declared in pyproject.toml and pinned in constraints.txt."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from house import ROOT, House

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINNED = {line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
OWN = {"agent", "benchmarks", "templates", "tests", *(path.stem for path in (ROOT / "tests" / "support").glob("*.py"))}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: list[str]) -> set[str]:
    return {canonical(re.match(r"[\w.-]+", requirement).group()) for requirement in requirements}


ALWAYS = declared(PROJECT["dependencies"])
OPTIONAL = {extra: declared(names) for extra, names in PROJECT["optional-dependencies"].items()}


def imported(paths) -> set[str]:
    """The top names of what files import, wherever in them, without Python's own and this project's."""
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - OWN


def undeclared(paths, names: set[str]) -> dict[str, list[str]]:
    """Imported name -> the distributions that have it, for those of which none is declared."""
    having = packages_distributions()
    found = {name: having.get(name, [name]) for name in imported(paths)}
    return {name: those for name, those in found.items() if not names & set(map(canonical, those))}


def test_what_the_program_imports_is_declared():
    assert (
        undeclared(
            House.of(ROOT).sources.values(),
            ALWAYS.union(*(names for extra, names in OPTIONAL.items() if extra != "dev")),
        )
        == {}
    )


def test_what_tests_and_benchmarks_import_is_declared():
    paths = [path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    paths = [path for path in paths if "attacks" not in path.parts]
    missing = undeclared(paths, ALWAYS.union(*OPTIONAL.values())).keys()
    assert missing <= {"fla"}  # which only a GPU runs: the tests that compare with it are skipped where it is not


def test_an_import_that_is_not_declared_is_found(tmp_path):
    (tmp_path / "module.py").write_text("import os\ndef later():\n    from numpy.linalg import norm\n")
    assert undeclared([tmp_path / "module.py"], ALWAYS) == {}
    assert undeclared([tmp_path / "module.py"], ALWAYS - {"numpy"}) == {"numpy": ["numpy"]}


@pytest.mark.parametrize("names", [ALWAYS, *OPTIONAL.values()], ids=["always", *OPTIONAL])
def test_what_is_declared_is_pinned(names):
    assert names <= set(map(canonical, PINNED))
