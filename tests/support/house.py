"""The rooms of agent/, their floors and the imports between them: `python tests/support/house.py` prints them.

A room is a folder of agent/, or a file beside them. Its floor is the longest way down by imports, counted from 1. A
room may import only rooms below it. docs/architecture.md describes each room.
"""

import ast
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]

# What docs/architecture.md promises: a room imports only rooms of lower lines.
FLOORS = (
    ("core",),
    ("science", "llm", "kernels"),
    ("evaluator", "store"),
    ("proposer", "analyst", "export"),
    ("search", "report"),
    ("desk", "study"),
    ("cli",),
    ("__main__",),
)


@dataclass(frozen=True)
class House:
    """Modules and what each imports; a module's name is dotted, such as "agent.store.table"."""

    sources: dict[str, Path]

    @classmethod
    def of(cls, root: Path) -> "House":
        """Every module of root/agent."""
        return cls({_name(path, root): path for path in sorted((root / "agent").rglob("*.py"))})

    @cached_property
    def imports(self) -> dict[str, set[str]]:
        """Module -> the modules that it imports anywhere, also inside a function; its own project's with full names."""
        return {name: self._imported(name) for name in self.sources}

    def rooms(self, inside: str = "agent") -> set[str]:
        """The folders and files that lie directly in a package."""
        return {self.room(name, inside) for name in self.sources if name.startswith(f"{inside}.")}

    def room(self, name: str, inside: str = "agent") -> str:
        """The folder or file of a package that holds a module."""
        return name.removeprefix(f"{inside}.").partition(".")[0]

    def arrows(self, inside: str = "agent") -> set[tuple[str, str]]:
        """(room, room) for each room that imports another one of the same package."""
        return {
            (self.room(name, inside), self.room(known, inside))
            for name, imported in self.imports.items()
            for known in imported
            if name.startswith(f"{inside}.") and known.startswith(f"{inside}.")
            and self.room(name, inside) != self.room(known, inside)
        }  # fmt: skip

    def floors(self, inside: str = "agent") -> list[list[str]]:
        """The rooms of a package by floor, the lowest first. graphlib.CycleError where there is a circle."""
        below: dict[str, set[str]] = {room: set() for room in self.rooms(inside)}
        for room, known in self.arrows(inside):
            below[room].add(known)
        floor: dict[str, int] = {}
        for room in TopologicalSorter(below).static_order():
            floor[room] = 1 + max((floor[known] for known in below[room]), default=0)
        return [sorted(room for room in floor if floor[room] == level) for level in range(1, max(floor.values()) + 1)]

    def upward(self, floors: Iterable[tuple[str, ...]] = FLOORS) -> list[str]:
        """Imports from a room to one that is not on a lower floor."""
        floor = {room: level for level, rooms in enumerate(floors) for room in rooms}
        return [f"{room} imports {known}" for room, known in sorted(self.arrows()) if floor[known] >= floor[room]]

    def reached(self, name: str) -> set[str]:
        """All that a module imports, and all that those of this project import in turn."""
        found: set[str] = set()
        ahead = [name]
        while ahead:
            new = self.imports.get(ahead.pop(), set()) - found
            found |= new
            ahead += new
        return found

    def _imported(self, name: str) -> set[str]:
        found: set[str] = set()
        for node in ast.walk(ast.parse(self.sources[name].read_bytes())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name} imports relatively"
                inside = {f"{node.module}.{alias.name}" for alias in node.names} & self.sources.keys()
                found |= inside or {str(node.module)}
        return found


def _name(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def main() -> int:
    """Print the rooms by floor and the counts; exit code 1 where an import points upwards."""
    house = House.of(ROOT)
    for inside in ("agent", "agent.evaluator"):
        floors, arrows = house.floors(inside), house.arrows(inside)
        print(f"{inside}: {len(house.rooms(inside))} rooms, {len(floors)} floors, {len(arrows)} arrows, no circle")
        for level, rooms in reversed(list(enumerate(floors, 1))):
            print(f"  {level}  {'  '.join(rooms)}")
    upward = house.upward()
    print(f"imports that point upwards: {', '.join(upward) or 'none'}")
    return 1 if upward else 0


if __name__ == "__main__":
    sys.exit(main())
