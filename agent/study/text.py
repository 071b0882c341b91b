"""Measure mixers under a protocol of text, seed by seed."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from agent.core.baselines import known_path
from agent.core.score import ScoreCard
from agent.evaluator.assignment import Assignment
from agent.evaluator.executor.pool import Pool
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocol import Protocol
from agent.study.text_rows import TextRow, TextTable, row_of
from agent.study.transformer import TRANSFORMER, measure_transformer

TEST_SEED = 1

Piece = tuple[str, Protocol]  # a mixer, and one seed of the protocol


def measure_text(
    table: TextTable,
    protocol: Protocol,
    mixers: Sequence[str],
    executor: Pool,
    hours: float | None,
    say: Callable[[str], None],
) -> None:
    """Add to the table what it lacks, a first seed of each mixer before a second; begin nothing after so many hours.

    A kill loses the pieces that are under way, and nothing else. What fails is told, and tried again when this is next
    started.
    """
    ends = time.monotonic() + 3600 * hours if hours is not None else float("inf")
    waiting = missing(table, protocol, mixers)
    total, done = len(waiting), 0
    say(f"{total} seeds of mixers are missing")
    running: dict[Future[list[TextRow]], Piece] = {}
    with ThreadPoolExecutor(max(1, executor.places)) as threads:
        while running or (waiting and time.monotonic() < ends):
            while waiting and len(running) < executor.places and time.monotonic() < ends:
                piece = waiting.pop(0)
                running[threads.submit(_measured, piece, executor)] = piece
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                mixer, part = running.pop(future)
                done += 1
                try:
                    rows = future.result()
                    table.add(rows)
                    line = ", ".join(f"{row.all:.4f} bits per byte, {row.seconds:.0f} s" for row in rows)
                except EvaluationFailed as failure:
                    line = str(failure)
                say(f"{done}/{total}  {mixer}, seed {part.plans[0].first_seed}: {line}")


def missing(table: TextTable, protocol: Protocol, mixers: Sequence[str]) -> list[Piece]:
    """The seeds that no row has, as protocols of one seed each."""
    there = {row.key for row in table.rows()}
    grids = dict.fromkeys(replica.grid for replica in protocol.replicas())
    return [
        (mixer, protocol.part({grid}))
        for grid in sorted(grids, key=lambda grid: grid[1])
        for mixer in mixers
        if (mixer, protocol.setting_fingerprint(grid[0]), grid[1]) not in there
    ]


def _measured(piece: Piece, executor: Pool) -> list[TextRow]:
    mixer, part = piece
    if mixer == TRANSFORMER:
        return measure_transformer(part, executor.device)
    assignment = Assignment(known_path(mixer).read_text(), part, executor.device, TEST_SEED, workers=1)
    return [_row(mixer, part, executor.submit(assignment).result())]


def _row(mixer: str, part: Protocol, card: ScoreCard) -> TextRow:
    assert card.text is not None
    assert card.state_bytes is not None
    versions = ", ".join(f"{name} {version}" for name, version in card.versions.items())
    return row_of(
        mixer, part, card.text, parameters=card.parameters, state_bytes=card.state_bytes, seconds=card.seconds,
        device=card.device, versions=versions,
    )  # fmt: skip
