"""The first minutes of a search: the template, then a first proposal at once; other known variants can wait for it.

The template must come first: everything is compared with it, seed by seed. So the result of a first proposal is there
after two trainings, however many known variants a search is to measure.
"""

from collections.abc import Collection, Sequence

from agent.core.sentences import joined
from agent.core.text import Text, say
from agent.evaluator.protocol import Protocol
from agent.proposer.known import runs_of
from agent.proposer.measured import file_name, measured_variants
from agent.science.history import History


def waiting(history: History, names: Sequence[str]) -> list[str]:
    """The known mixers, as `find_known` names them, of which there is no run yet."""
    return [name for name in names if not runs_of(history, name)]


def order_told(protocol: Protocol, history: History, names: Collection[str]) -> Text:
    """That a first proposal comes before these known variants, and what stands in for their scores until then."""
    measured = measured_variants(protocol, history.noise)
    known = {each.name: each for each in measured.values() if each.tasks.keys() == {*protocol.tasks}}
    scores = [
        f"{name} {known[file].average:.4f}" for name in names for file in (name, file_name(name)) if file in known
    ]
    meanwhile = say("opening.measured", list=joined(scores)) if scores else say("opening.nothing measured")
    return say("opening.first proposal", list=joined(names), meanwhile=meanwhile)
