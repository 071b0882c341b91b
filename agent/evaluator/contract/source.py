"""A variant's code as a file, for callers that have it as text."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.core.failure import Failure
from agent.core.temporary import temporary_folder
from agent.evaluator.contract.variant import VariantRefused
from agent.evaluator.failure import EvaluationFailed

FILE = "variant.py"


@contextmanager
def variant_file(source: str) -> Iterator[Path]:
    """The code in a file for as long as it is needed. EvaluationFailed where it is refused as no variant."""
    with temporary_folder() as folder:
        path = folder / FILE
        path.write_text(source, encoding="utf-8")
        try:
            yield path
        except VariantRefused as refusal:
            reason = refusal.reason.having(file=FILE) if "file" in refusal.reason.fields else refusal.reason
            raise EvaluationFailed(Failure("refused", reason)) from refusal
