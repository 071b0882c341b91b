"""Measure what is missing, piece by piece, and keep each piece as soon as it is there."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from statistics import fmean

from agent.core.baselines import known_path
from agent.core.score import ScoreCard
from agent.evaluator.assignment import Assignment
from agent.evaluator.executor.pool import Pool
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocol import Protocol
from agent.study.pieces import Piece, missing_pieces
from agent.study.rows import Table, diverged_row, rows_of

# A published number can be repeated to the digit, so its test is not secret; the variants here are our own.
TEST_SEED = 1


def measure(
    table: Table,
    protocol: Protocol,
    variants: Sequence[str],
    executor: Pool,
    hours: float | None,
    say: Callable[[str], None],
) -> None:
    """Add to the table what it lacks of these variants; begin no further piece after so many hours.

    As many pieces are under way as the executor has places. A kill loses those, and nothing else.
    """
    ends = time.monotonic() + 3600 * hours if hours is not None else float("inf")
    waiting = missing_pieces(protocol, variants, {row.key for row in table.rows()}, executor.device)
    running: dict[Future[ScoreCard], Piece] = {}
    total, done = len(waiting), 0
    say(f"{total} pieces are missing")
    while running or (waiting and time.monotonic() < ends):
        while waiting and len(running) < executor.places and time.monotonic() < ends:
            piece = waiting.pop(0)
            running[executor.submit(_assignment(piece, executor))] = piece
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            piece = running.pop(future)
            done += 1
            try:
                line = _keep(table, piece, future.result())
            except EvaluationFailed as failure:
                further, line = _give_up(table, piece, executor.device, failure)
                waiting[:0] = further
                total += len(further)
            say(f"{done}/{total}  {piece.name}: {line}")


def _assignment(piece: Piece, executor: Pool) -> Assignment:
    """One worker each where several pieces are under way on one CPU: they share its cores."""
    workers = 1 if executor.places > 1 else None
    return Assignment(known_path(piece.variant).read_text(), piece.protocol, executor.device, TEST_SEED, workers)


def _keep(table: Table, piece: Piece, card: ScoreCard) -> str:
    rows = rows_of(piece, card)
    table.add(rows)
    return f"{fmean(row.score.macro for row in rows if row.score):.4f}, {card.seconds:.0f} s"


def _give_up(table: Table, piece: Piece, device: str, failure: EvaluationFailed) -> tuple[list[Piece], str]:
    """What to try instead of a piece without a score, and what to say.

    Of several replicas it is not known whose failure it was, so each is tried alone. That a single one diverged is a
    finding, and kept; anything else may be this machine's fault, and is tried again when this is next started.
    """
    if len(piece.grids) > 1:
        return piece.alone(), f"{failure}; each of its seeds alone"
    if failure.failure.kind == "diverged":
        table.add([diverged_row(piece, TEST_SEED, device)])
    return [], str(failure)
