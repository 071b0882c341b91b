"""What languages say around a score, as agent/science/claims.py reads it: linguistics, not sentences of ours.

A model's words in a language that has nothing here are checked by what they share with the others: names of tasks and
variants, signs and numbers.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Role = str  # "this", "parent", "template" or "best": a variant by its part in what is written


@dataclass(frozen=True)
class ClaimWords:
    """The words of one language. Each is a piece of a regular expression, its alternatives between bars.

    `stops` end a sentence wherever they stand, and `clauses` end a part of one. `compared` stand before what something
    is compared with, `start` before the number that a change begins at, `own` between these and the number or name.
    `change` stand before the amount of a change, `after_change` between the two. `up`, `down` and `differ` are verbs
    and nouns of a change, by their beginnings. `follows` stand between a number and the task that it
    belongs to, and `no_score` before what is no score: rates, errors. `difference_is` are nouns of a difference, which
    stands behind them in the same clause, and `apart` follow the amount of one. `surely` with `above` or `below` claims
    a verdict, unless `denied` stands before it.
    """

    stops: str = ""
    clauses: str = ""
    compared: str = ""
    start: str = ""
    own: str = ""
    change: str = ""
    after_change: str = ""
    up: str = ""
    down: str = ""
    differ: str = ""
    follows: str = ""
    no_score: str = ""
    difference_is: str = ""
    apart: str = ""
    surely: str = ""
    above: str = ""
    below: str = ""
    denied: str = ""
    average: str = ""
    roles: Mapping[Role, str] = field(default_factory=dict)


def whole(words: str) -> str:
    """A pattern for words that stand for themselves, also beside Chinese characters, which are letters to `re`."""
    return rf"(?<![A-Za-z0-9_])(?:{words})(?![A-Za-z0-9_])"


ENGLISH = ClaimWords(
    stops=r";!?\n",
    clauses=".;",
    compared=r"from|than|over|above|below|versus|vs\.?|against|compared (?:with|to)|relative to|beside",
    start="from",
    own="its",
    change="by|(?:gain|loss|drop|rise|improvement|change) of|gains|gained|adds|added|loses|lost",
    up=r"\b(?:improv|gain|add|rais|rise|rising|rose|increas|climb|lift|boost|grow|grew|better|higher)",
    down=r"\b(?:drop|fall|fell|loss of|lose|losing|lost|declin|decreas|reduc|worse|lower)",
    differ=r"\b(?:chang|differ)",
    follows="on|in|for|at|as",
    no_score=r"(?:standard )?errors?|std|deviations?|noise|rates?|decays?|momentum|thresholds?|bounds?|losses?|spread",
    difference_is=r"\b(?:gain|loss|drop|rise|difference|change|margin|gap|improvement|advantage|deficit|costs?)\b",
    apart=r"(?:points? )?(?:higher|lower|better|worse|above|below|more|less|over|up|down|ahead|behind)\b",
    surely=r"\b(?:clearly|significantly|surely|certainly|definitely|reliably|beyond (?:the )?noise)\s+",
    above=r"(?:better|higher|ahead|above|improv\w+)",
    below=r"(?:worse|lower|behind|below)",
    denied=r"\b(?:not|no|never|neither|hardly|cannot|whether|if|nor)\b|n't\b",
    average=whole("averages?|means?"),
    roles={
        "this": whole("this variant|the variant|this one"),
        "parent": whole("the parent|its parent|parent"),
        "template": whole("the template|the baseline|template|baseline"),
        "best": whole("the best variant|the best so far"),
    },
)
CHINESE = ClaimWords(
    stops="。；！？",
    clauses="。；",
    compared="从|比|由|较|与",
    start="从|由",
    change="提升|提高|上升|增加|下降|降低|减少|高出?|低",
    after_change="了",
    up="提升|提高|上升|增加|增长|高",
    down="下降|降低|减少|低",
    differ="变化|相差",
    follows="的",
    no_score="标准误差?|标准差|误差|噪声|学习率|速率|衰减率?|阈值|上限|损失",
    difference_is="增益|收益|提升|差距|差值|差异|变化|优势|降幅|升幅|涨幅",
    apart="(?:个百分点)?(?:之差|的差距|的提升|的下降|的增益)",
    surely="(?:明显|显著|确实|肯定|无疑)地?",
    above="(?:优于|高于|好于|更好|更高|领先|超过)",
    below="(?:差于|低于|不如|更差|更低|落后)",
    denied="不|未|没有|并非|是否|无法|难以|如果|若",
    average="平均",
    roles={"this": "本变体|该变体|此变体", "parent": "父变体", "template": "模板|基线", "best": "最佳变体"},
)
KNOWN = (ENGLISH, CHINESE)


def any_of(words: Callable[[ClaimWords], str]) -> str:
    """A pattern for these words of any language; one that nothing matches where no language has any."""
    return f"(?:{'|'.join(filter(None, map(words, KNOWN))) or '(?!)'})"


# Where one sentence ends and the next begins.
SENTENCE = re.compile(rf"(?<=[{''.join(words.stops for words in KNOWN)}])|(?<=\.)(?=\s)")
_OWN = rf"\s*(?:{any_of(lambda words: words.own)}\s*)?"
_REST = rf"[^\d{''.join(words.clauses for words in KNOWN)}]"
# Before what something is compared with; before the amount of a change; before the number that a change began at.
OTHERS = re.compile(rf"{any_of(lambda words: words.compared)}{_OWN}$", re.IGNORECASE)
CHANGE = re.compile(
    rf"{any_of(lambda words: words.change)}\s*(?:{any_of(lambda words: words.after_change)}\s*)?$", re.IGNORECASE
)
START = re.compile(rf"{any_of(lambda words: words.start)}{_OWN}(?P<start>\d*\.\d+)\s?%?{_REST}{{0,16}}$", re.IGNORECASE)
# Verbs and nouns of a change. In a from-to claim they say which of the numbers is the higher.
DIRECTION = re.compile(
    f"(?P<up>{any_of(lambda words: words.up)})|(?P<down>{any_of(lambda words: words.down)})"
    f"|{any_of(lambda words: words.differ)}",
    re.IGNORECASE,
)
# What stands before a number that is no score, and what makes it a difference, before and behind.
NO_SCORE = re.compile(rf"(?:{any_of(lambda words: words.no_score)})\s*(?:of|is|was|=|:|：|为|约)?\s*$", re.IGNORECASE)
DIFFERENCE_IS = re.compile(rf"{any_of(lambda words: words.difference_is)}{_REST}{{0,40}}$", re.IGNORECASE)
APART = re.compile(rf"\s*{any_of(lambda words: words.apart)}", re.IGNORECASE)
# A verdict in words: surely or not, above or below.
VERDICT = re.compile(
    rf"(?P<surely>{any_of(lambda words: words.surely)})?"
    rf"(?:(?P<above>{any_of(lambda words: words.above)})|(?P<below>{any_of(lambda words: words.below)}))",
    re.IGNORECASE,
)
DENIED = re.compile(any_of(lambda words: words.denied), re.IGNORECASE)
FOLLOWS = re.compile(rf"\s*[(（]?{any_of(lambda words: words.follows)}\b", re.IGNORECASE)
AVERAGE_NAME = re.compile(any_of(lambda words: words.average), re.IGNORECASE)
ROLES: Mapping[Role, re.Pattern[str]] = {
    role: re.compile(any_of(lambda words, role=role: words.roles.get(role, "")), re.IGNORECASE)  # type: ignore[misc]
    for role in ("this", "parent", "template", "best")
}
