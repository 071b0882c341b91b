"""Builds the site, and next time only what has changed.

Each page has a key: a digest of all that it is made of. Where the key is that of the last time the page is left as it
is, so that a new run costs its own page, its parents' and those few that show every run.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.core.languages import LANGUAGES
from agent.core.resources import MOVES, PACKAGE
from agent.core.run import Run
from agent.proposer.moves import load_moves
from agent.report.compare import data_of
from agent.report.curves import panels
from agent.report.material import Material
from agent.report.morning import latest_search
from agent.report.render import PAGES, SCRIPTS, Pages
from agent.report.talks import Talks
from agent.store.files import reading, write_atomically
from agent.store.folder import CONFIRMATION, LOG, RUN, VERIFICATION
from agent.store.places import PLACES
from agent.store.status import PHASES, STATUS
from agent.store.workspace import RUNS, Workspace

SITE, MANIFEST = "site", ".built.json"
RESTLESS = (SITE, STATUS, PHASES, PLACES)  # in runs/: what changes without a run having changed
ASSETS = ("report.css", "report.js", *SCRIPTS)

Keys = dict[str, str]


@dataclass(frozen=True)
class Built:
    """What a build came to: the page to open first, how many files the site has, how many of them were made anew."""

    index: Path
    files: int
    made: int
    seconds: float


class Site:
    """The site of one workspace. It remembers what it read, so that building again is quick."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.root = workspace.root / RUNS / SITE
        self.pages = Pages()
        self.version = _version()
        self.moves = load_moves(MOVES)
        self.talks = Talks(workspace)

    def build(self) -> Built:
        """Bring the site up to date. Raises WorkspaceError where it cannot be written."""
        started = time.monotonic()
        material = Material(
            self.workspace,
            self.workspace.history(),
            latest_search(self.workspace),
            self.moves,
            self.workspace.older_notes(),
            self.talks,
        )
        old, new, made = self._read_manifest(), {}, 0
        for name, key, render in self._plan(material):
            new[name] = key
            if old.get(name) != key or not (self.root / name).exists():
                write_atomically(self.root / name, render(), durable=False)
                made += 1
        for name in old.keys() - new.keys():
            (self.root / name).unlink(missing_ok=True)
        if new != old:
            write_atomically(self.root / MANIFEST, json.dumps(new), durable=False)
        return Built(self.root / "index.html", len(new), made, time.monotonic() - started)

    def mark(self) -> object:
        """Changes with anything that a page may show, and costs next to nothing: what a server asks all the time.

        A file that is replaced changes its folder's time, so that no run's own files are looked at.
        """
        runs = self.workspace.root / RUNS
        with reading(runs):
            seen = [
                (entry.name, entry.stat().st_mtime_ns)
                for entry in (os.scandir(runs) if runs.exists() else ())
                if entry.name not in RESTLESS and not entry.name.startswith(".")
            ]
        return frozenset(seen), latest_search(self.workspace)

    def _plan(self, material: Material) -> Iterator[tuple[str, str, Callable[[], str]]]:
        """Every file of the site with its key, and how it is made."""
        noise = sorted(material.history.noise.items())
        stamps = {run.id: self._key(noise, self._stamp(run)) for run in material.history.runs}
        everything = self._key(stamps, asdict(material.search), [note.id for note in material.older])
        for name in ASSETS:
            yield f"assets/{name}", self._key(name), lambda name=name: asset(name)  # type: ignore[misc]
        for name, render in (
            ("index", self.pages.morning),
            ("lineage", self.pages.lineage),
            ("compare", self.pages.compare),
            ("ideas", self.pages.ideas),
            *((("older", self.pages.older),) if material.older else ()),
        ):
            yield f"{name}.html", everything, lambda render=render: render(material)  # type: ignore[misc]
        yield from self._of_runs(material, stamps)

    def _of_runs(self, material: Material, stamps: Mapping[str, str]) -> Iterator[tuple[str, str, Callable[[], str]]]:
        """Each run's page, and what the page that compares loads of it, which tells of scored runs before it too."""
        before = ""
        for run in material.history.runs:
            around, known = self._around(material, run, stamps), self._key(before, stamps[run.id])
            yield f"variants/{run.id}.html", around, lambda run=run: self.pages.variant(material, run)  # type: ignore[misc]
            yield f"data/{run.id}.js", known, lambda run=run: self._data(material, run)  # type: ignore[misc]
            before = known if run.scored else before

    def _data(self, material: Material, run: Run) -> str:
        curves = panels(self.workspace.with_curves(run), None) if run.scored else ()
        return data_of(material.history, run, curves)

    def _around(self, material: Material, run: Run, stamps: Mapping[str, str]) -> str:
        """The key of a run's page: changes with the run, its parents, its children and the template's run."""
        near = [material.by_name[name] for name in run.proposal.parents if name in material.by_name]
        near += [child.run for child in material.children(run)]
        near += [material.history.baseline] if material.history.baseline else []
        fresh = material.standings[run.id].fresh  # which all that were ever confirmed have a part in
        return self._key(stamps[run.id], [stamps[other.id] for other in near], bool(material.older), fresh)

    def _stamp(self, run: Run) -> str:
        """Changes whenever the run does."""
        folder = self.workspace.folder(run)
        facts = [
            (path.stat().st_mtime_ns, path.stat().st_size)
            for path in (folder / RUN, folder / LOG, folder / CONFIRMATION, folder / VERIFICATION)
            if path.exists()
        ]
        return repr((run.id, facts))

    def _key(self, *parts: object) -> str:
        return hashlib.sha256(repr((self.version, *parts)).encode()).hexdigest()[:16]

    def _read_manifest(self) -> Keys:
        """What the last build wrote; nothing where there was none, or where its list is torn."""
        try:
            found = json.loads((self.root / MANIFEST).read_text(encoding="utf-8"))
            return {str(name): str(key) for name, key in found.items()}
        except (OSError, ValueError, AttributeError):
            shutil.rmtree(self.root, ignore_errors=True)
            return {}


def _version() -> str:
    """Changes with the code, the templates and the moves, so that a newer program makes every page anew."""
    sources = [*sorted(PACKAGE.rglob("*.py")), *sorted(PAGES.iterdir())]
    sources += sorted(MOVES.iterdir())
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def asset(name: str) -> str:
    """A file that all pages share."""
    text = (PAGES / name).read_text(encoding="utf-8")
    return text + one_language() if name.endswith(".css") else text


def one_language() -> str:
    """Style rules by which a page shows the language that it is set to, and hides the others."""
    return "".join(
        f'html:not([lang="{language.tag}"]) .{code} {{ display: none !important; }}\n'
        for code, language in LANGUAGES.items()
    )
