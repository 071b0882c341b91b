"""What language models reached, mixer by mixer, beside the template in pairs of seeds."""

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from agent.core.baselines import TEMPLATE
from agent.core.text_score import KINDS, Kind
from agent.study.page import markdown
from agent.study.text_rows import TIMES, TextRow

TOLD_APART: tuple[Kind, ...] = ("recalled", "other")  # bytes that a memory can give, and those that it cannot


def text_table(rows: Sequence[TextRow]) -> str:
    """Markdown: each mixer's bits, and in pairs of seeds how many fewer than the template's, with standard errors.

    The rows are of one setting and one text (`measured_alike`).
    """
    titles = ["mixer", "seeds", *KINDS, "fewer on recalled", "fewer on other"]
    titles += ["all, 4 times", "recalled, 4 times", "tokens/s", "state bytes"]
    fewer = fewer_bits(rows)
    lines = []
    for mixer, its in by_mixer(rows).items():
        gains = ["", ""] if mixer == TEMPLATE else [mean_and_error(fewer[mixer][kind]) for kind in TOLD_APART]
        home = [mean_and_error([row.bits(kind) for row in its]) for kind in KINDS]
        far = [mean_and_error([row.bits(kind, TIMES) for row in its]) for kind in KINDS[:2]]
        speed = f"{fmean(row.tokens_a_second for row in its):,.0f}"
        lines.append([mixer, str(len(its)), *home, *gains, *far, speed, f"{its[0].state_bytes:,}"])
    return markdown(titles, lines)


def by_mixer(rows: Sequence[TextRow]) -> dict[str, list[TextRow]]:
    """The rows of each mixer, in the order in which mixers were first measured."""
    found: dict[str, list[TextRow]] = {}
    for row in rows:
        found.setdefault(row.variant, []).append(row)
    return found


def fewer_bits(rows: Sequence[TextRow]) -> Mapping[str, Mapping[Kind, list[float]]]:
    """Mixer -> kind of bytes -> the template's bits per byte less these, of each seed that both have."""
    mixers = by_mixer(rows)
    template = {row.seed: row for row in mixers.get(TEMPLATE, ())}
    found: dict[str, dict[Kind, list[float]]] = {}
    for mixer, its in mixers.items():
        for kind in TOLD_APART:
            pairs = [(template[row.seed].bits(kind), row.bits(kind)) for row in its if row.seed in template]
            found.setdefault(mixer, {})[kind] = [a - b for a, b in pairs if a is not None and b is not None]
    return found


def mean_and_error(values: Sequence[float | None]) -> str:
    """A mean with its standard error, where there are two values; "?" for the mean of none."""
    found = [value for value in values if value is not None]
    if not found:
        return "?"
    return f"{fmean(found):.3f}" if len(found) == 1 else f"{fmean(found):.3f} ± {stdev(found) / len(found) ** 0.5:.3f}"
