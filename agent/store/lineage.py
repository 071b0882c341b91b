"""Every scored variant as a git commit whose parent is its parent variant, in runs/lineage.git.

The repository is bare and this project's own: nothing of the user's repository, identity, settings or hooks is read or
touched. A commit is made of the run alone, dates included, so that a rebuild gives the same hashes.
"""

import json
import os
import shutil
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from agent.core.errors import Unavailable
from agent.core.invocation import command
from agent.core.run import Run
from agent.core.temporary import temporary_folder
from agent.core.text import ENGLISH, Text
from agent.science.history import card_of
from agent.store.files import WorkspaceError, writing
from agent.store.folder import VARIANT

if TYPE_CHECKING:
    from git import Git

REPOSITORY = "runs/lineage.git"
ADDRESS = "deltasearch@localhost"
FACTS = "run.json"


@dataclass(frozen=True)
class Entry:
    """A variant of the lineage: its commit, the variants that it was made from, its average and when it was scored."""

    name: str
    commit: str
    parents: tuple[str, ...]
    title: str
    average: float
    at: int


class Lineage:
    """The lineage of a workspace. It is a projection of the runs: it may be deleted, and rebuilt."""

    def __init__(self, root: Path) -> None:
        self.path = root / REPOSITORY

    def record(self, run: Run) -> str:
        """Commit a scored run, unless that was done; the commit's hash."""
        with self._open() as git:
            return self._commit(git, run)

    def catch_up(self, runs: Sequence[Run]) -> None:
        """Make the lineage anew where it lacks one of these runs: it was deleted, or is damaged."""
        try:
            with self._open() as git:
                whole = {run.name for run in runs} <= _tags(git).keys()
        except WorkspaceError:
            whole = False
        if not whole:
            self.rebuild(runs)

    def rebuild(self, runs: Iterable[Run]) -> None:
        """Make the lineage anew of scored runs, parents before children."""
        with writing(self.path):
            shutil.rmtree(self.path, ignore_errors=True)
        with self._open() as git:
            for run in runs:
                self._commit(git, run)

    def log(self) -> tuple[Entry, ...]:
        """Every variant, the latest first."""
        if not self.path.exists():
            return ()
        with self._open() as git:
            names = _tags(git)
            by_commit = {commit: name for name, commit in names.items()}
            entries = [_entry(git, name, commit, by_commit) for name, commit in names.items()]
        return tuple(sorted(entries, key=lambda entry: (entry.at, entry.name), reverse=True))

    def source(self, name: str) -> str:
        """The file of a variant; WorkspaceError with the names there are for one that is not in the lineage."""
        with self._open() as git:
            names = _tags(git)
            if name not in names:
                raise WorkspaceError(f"{self.path}: no variant {name!r}; there are {', '.join(names) or 'none yet'}")
            return str(git.show(f"{names[name]}:{VARIANT}", strip_newline_in_stdout=False))

    def _commit(self, git: "Git", run: Run) -> str:
        names = _tags(git, run.name, *run.proposal.parents)
        if run.name in names:
            return names[run.name]
        parents = [names[name] for name in run.proposal.parents if name in names]
        tree = _tree(git, {VARIANT: run.proposal.source, FACTS: _facts(run)})
        when = f"@{int(run.reached('evaluated') or 0)} +0000"
        # As git itself has it when somebody amends another's commit.
        people = {"AUTHOR": run.proposal.author, "COMMITTER": run.proposal.editor or run.proposal.author}
        signed = {
            f"GIT_{role}_{what}": value
            for role, name in people.items()
            for what, value in (("NAME", name), ("EMAIL", ADDRESS), ("DATE", when))
        }
        arguments = [argument for parent in parents for argument in ("-p", parent)]
        titles = "\n".join(run.proposal.title.words.values())
        message = f"{run.name}\n\n{titles}\n"
        commit = str(git.commit_tree(tree, *arguments, "-m", message, env=signed))
        git.update_ref(f"refs/tags/{run.name}", commit)
        return commit

    @contextmanager
    def _open(self) -> Iterator["Git"]:
        """The repository, made if it is not there, for one process at a time."""
        with _alone(), writing(self.path), _reporting(self.path):
            git = _git(self.path)
            if self.path.exists() and not os.access(self.path, os.W_OK):  # there is nothing to be done but to read
                yield git
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_suffix(".lock")):
                for stale in (*self.path.glob("*.lock"), *(self.path / "refs").rglob("*.lock")):
                    stale.unlink(missing_ok=True)  # of a git that was killed: nobody else is in here
                if not (self.path / "HEAD").exists() or not (self.path / "refs").exists():
                    self.path.mkdir(exist_ok=True)
                    git.init("--bare", "--quiet", "--initial-branch=lineage", "--template=", ".")
                yield git


def _git(path: Path) -> "Git":
    """Git for a bare repository."""
    from git import Git
    from git.exc import GitCommandNotFound

    try:
        Git().version()
    except GitCommandNotFound as error:
        raise Unavailable("git is not installed, and the lineage needs it: install the package git") from error
    git = Git(str(path))
    git.update_environment(
        GIT_DIR=str(path.absolute()),
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_SYSTEM=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
        HOME=os.devnull,
    )
    return git


@contextmanager
def _reporting(path: Path) -> Iterator[None]:
    """What git fails at in one line, with what to do: a full disk, or a repository that somebody damaged."""
    from git.exc import GitCommandError

    try:
        yield
    except GitCommandError as error:
        said = (str(error.stderr).strip(" '\n").splitlines() or ["it says nothing"])[-1]
        remedy = f"if it is damaged, have it made anew from runs/: {command('rebuild', path.parents[1])}"
        raise WorkspaceError(f"{path}: git failed ({said}); {remedy}") from error


@contextmanager
def _alone() -> Iterator[None]:
    """An environment that tells git nothing of its user and his keys, for as long as it is needed.

    Ctrl-C at a terminal reaches git too, which would die of it half way. It inherits that the signal waits.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    user = dict(os.environ)
    os.environ.clear()
    os.environ.update({name: user[name] for name in ("PATH", "TMPDIR") if name in user})
    os.environ["GIT_PYTHON_REFRESH"] = "quiet"  # without git the import must not fail: the message is ours
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(user)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _tree(git: "Git", files: Mapping[str, str]) -> str:
    """Write a tree of files; its hash."""
    with temporary_folder() as scratch:
        lines = []
        for name, text in sorted(files.items()):
            path = scratch / name
            path.write_text(text, encoding="utf-8")
            lines.append(f"100644 blob {git.hash_object('-w', '--no-filters', str(path))}\t{name}\n")
        listing = scratch / "listing"
        listing.write_text("".join(lines), encoding="utf-8")
        with listing.open("rb") as stream:
            return str(git.mktree(istream=stream))


def _tags(git: "Git", *names: str) -> dict[str, str]:
    """Variant -> commit, of the named variants or of all."""
    wanted = [f"refs/tags/{name}" for name in names] or ["refs/tags"]
    listing = str(git.for_each_ref(*wanted, format="%(refname:strip=2) %(objectname)"))
    return dict(line.split(" ") for line in listing.splitlines())


def _facts(run: Run) -> str:
    card = card_of(run)
    facts = {
        "run": run.id,
        "name": run.name,
        "title": run.proposal.title.words,
        "author": run.proposal.author,
        "editor": run.proposal.editor,
        "moves": run.proposal.moves,
        "predicted": run.proposal.predicted,
        "scores": card.scores,
        "average": card.average,
        "protocol": card.protocol,
        "fingerprint": card.fingerprint,
        "at": int(run.reached("evaluated") or 0),
    }
    return json.dumps(facts, indent=1, ensure_ascii=False) + "\n"


def _entry(git: "Git", name: str, commit: str, by_commit: Mapping[str, str]) -> Entry:
    facts = json.loads(git.show(f"{commit}:{FACTS}"))
    parents = str(git.log("-1", "--format=%P", commit)).split()
    known = tuple(by_commit[parent] for parent in parents if parent in by_commit)
    return Entry(name, commit, known, Text(**facts["title"])[ENGLISH], facts["average"], facts["at"])
