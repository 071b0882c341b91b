"""The data of the lineage: which variant was made of which, as the lines of a tree, the most promising branch first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.report.standing import Standing
from agent.science.history import History

Order = tuple[bool, bool, float, float]


@dataclass(frozen=True)
class Node:
    """A variant in the tree: how deep it stands, how many were made of it, and its further parents.

    The lines of a branch follow each other, so that nothing that walks them needs to call itself: a long night makes
    chains that are deeper than Python's stack, and than a browser's.
    """

    standing: Standing
    depth: int
    children: int
    also_from: tuple[Standing, ...]


def parents_of(history: History, standing: Standing) -> tuple[str, ...]:
    """The ids of the runs that a run was made of, the first being the one whose file was changed."""
    found = (history.find(name) for name in standing.run.proposal.parents)
    return tuple(parent.id for parent in found if parent is not None and parent.id != standing.run.id)


def tree(history: History, standings: Mapping[str, Standing]) -> tuple[Node, ...]:
    """Every run below the one that it was made of; the template's tree before those of others without a parent."""
    parents = {run_id: parents_of(history, standing) for run_id, standing in standings.items()}
    children: dict[str, list[str]] = {run_id: [] for run_id in standings}
    for run_id, above in parents.items():
        if above:
            children[above[0]].append(run_id)
    promise = _promise(standings, parents)
    roots = [run_id for run_id, above in parents.items() if not above]
    ahead = [(run_id, 0) for run_id in sorted(roots, key=lambda root: (not children[root], promise[root]))][::-1]
    nodes = []
    while ahead:
        run_id, depth = ahead.pop()
        also = tuple(standings[parent] for parent in parents[run_id][1:])
        nodes.append(Node(standings[run_id], depth, len(children[run_id]), also))
        ahead += [(child, depth + 1) for child in sorted(children[run_id], key=lambda child: promise[child])][::-1]
    return tuple(nodes)


def _promise(standings: Mapping[str, Standing], parents: Mapping[str, tuple[str, ...]]) -> dict[str, Order]:
    """The best that a run or anything that was made of it reached. A run comes later than what it was made of."""
    promise = {run_id: standing.order for run_id, standing in standings.items()}
    for run_id in reversed(list(standings)):
        for parent in parents[run_id][:1]:
            promise[parent] = min(promise[parent], promise[run_id])
    return promise


def edges(history: History, standings: Mapping[str, Standing]) -> Iterator[tuple[str, str, bool]]:
    """From which run to which a line leads, by their ids, and whether it comes from a further parent."""
    for run_id, standing in standings.items():
        for place, parent in enumerate(parents_of(history, standing)):
            yield parent, run_id, place > 0
