"""What a score on text says, in sentences of each language."""

from agent.core.text import Text, say
from agent.core.text_score import KINDS, TextScore


def text_lines(score: TextScore) -> list[Text]:
    """Bits per byte with their spread over the seeds, at each length; by position; what it is of, and how fast."""
    shown = (score.length, *(times * score.length for times in score.longer))
    lines = [_bits(score, times, length) for times, length in zip((1, *score.longer), shown, strict=True)]
    return [*lines, *_positions(score), _means(score)]


def _bits(score: TextScore, times: int, length: int) -> Text:
    bits = score.at(times).bits
    numbers = {kind: _number(bits.of(kind), score.spread(kind, times)) for kind in KINDS}
    return say("text.bits", length=length, share=bits.recalled_share, **numbers)


def _number(value: float | None, spread: float | None) -> str:
    if value is None:
        return "?"
    return f"{value:.3f}" if spread is None else f"{value:.3f} ± {spread:.3f}"


def _positions(score: TextScore) -> list[Text]:
    """Of the longest test, in which each range of positions is as long as all before it."""
    longest = score.at(max((1, *score.longer)))
    parts = [f"{each.first}-{each.stop - 1}: {each.bits.all:.3f}" for each in longest.by_position]
    return [say("text.positions", list=", ".join(parts))] if len(parts) > 1 else []


def _means(score: TextScore) -> Text:
    corpus = score.corpus
    return say(
        "text.means",
        name=corpus.name,
        digest=corpus.digest,
        files=corpus.files,
        size=corpus.size,
        held_out=corpus.held_out,
        seeds=len(score.seeds),
        rates=", ".join(f"{seed.learning_rate:g}" for seed in score.seeds),
        speed=score.tokens_a_second,
    )
