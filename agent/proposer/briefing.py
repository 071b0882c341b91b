"""What the model is told of everything that was tried, chosen so that it fits into a prompt however long that is."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TypeVar

from agent.core.baselines import control_paths
from agent.core.run import BASELINE, OlderNote, Run
from agent.core.sentences import signed
from agent.core.text import ENGLISH
from agent.evaluator.protocols import protocol_of
from agent.llm.prompts import one_line, quoted
from agent.proposer.code_shown import code_of_others
from agent.proposer.experiment import experiment
from agent.proposer.ideas import cited_ideas, equations, published_code
from agent.proposer.kinds import Request
from agent.proposer.measured import MeasuredVariant, measured_variants
from agent.proposer.shares import Fitted, Part, fit
from agent.proposer.standings import LINE, Standings, whole_sentences
from agent.proposer.synthesis import ended_proposals, told
from agent.science.calibration import Calibration, calibrate
from agent.science.estimate import AVERAGE
from agent.science.history import History, card_of
from agent.science.steps import barred, steps_of
from agent.science.unfinished import unfinished_lines
from agent.store.synthesis import Synthesis

T = TypeVar("T")

OLDER_NOTE = 700  # tokens of an imported note
MOST = 60  # candidates that are looked at for each part
FEW_ROWS = 12  # best and latest rows each

NOTHING_KNOWN: Mapping[str, Fitted] = {}

# Name -> heading, share of the prompt, lines with the most important first.
Parts = Mapping[str, tuple[str, float, Iterable[str]]]


def brief(
    history: History,
    request: Request,
    older: Sequence[OlderNote],
    tokens: int,
    with_curves: Callable[[Run], Run] = lambda run: run,
    synthesis: Synthesis | None = None,
) -> dict[str, Fitted]:
    """Everything that is known, in so many tokens: the parts in the order in which they are shown and fitted.

    `with_curves` reads the learning curves of a run, which a history leaves on the disk. A synthesis takes the place of
    the list of what was tried elsewhere before it.
    """
    parent, standings = request.parent, Standings(history)
    tried = [run for run in _best_and_latest(history, history.children(parent.name)) if run.id != parent.id]
    parts = {
        **_of_the_search(history, parent, standings, synthesis),
        **_of_variants(history, request, standings, tried, with_curves),
        **_from_elsewhere(history, parent, older),
        "others": ("What else was tried", 0.03, map(standings.tried, _elsewhere(history, parent, tried, synthesis))),
        "equations": ("The published mixers in full", 0.0, equations()),
        "published code": ("Code of published mixers", 0.0, published_code(parent)),
    }
    return fit({name: Part(heading, share, list(lines)) for name, (heading, share, lines) in parts.items()}, tokens)


def _of_the_search(history: History, parent: Run, standings: Standings, synthesis: Synthesis | None) -> Parts:
    """What the search is and where it stands."""
    return {
        "experiment": ("The experiment", 0.16, experiment(history, parent)),
        "reviews": ("What the reviewer decided, with reasons", 0.06, _reviews(history)),
        "pending": (
            "In training or waiting: do not propose these again",
            0.03,
            (f"{run.name}: {one_line(run.proposal.title[ENGLISH], LINE)}" for run in _pending(history)),
        ),
        "rows": (
            "Results (score ± 95% of its noise; the verdict says what it won or lost against the template beyond the "
            "noise, with its gains in log-odds; last, what it takes in units of the template)"
            f"\nvariant | {_columns(parent)} | average | verdict | takes",
            0.15,
            map(standings.row, _rows(history, parent)),
        ),
        "digest": ("All runs", 0.03, standings.digest()),
        "synthesis": (
            f"What {synthesis.model} concludes from the first {synthesis.ended} proposals" if synthesis else "",
            0.10 * bool(synthesis),
            told(synthesis) if synthesis else (),
        ),
        "calibration": (
            "How good predictions have been (skill: the share of the error of predicting no change that they save)",
            0.06,
            _calibration(history),
        ),
    }


def _of_variants(
    history: History,
    request: Request,
    standings: Standings,
    tried: Sequence[Run],
    with_curves: Callable[[Run], Run],
) -> Parts:
    """What is known of single variants."""
    parent = request.parent
    return {
        "learning": (
            "How they learned: each seed's score, accuracy on the way, the steps of what was solved",
            0.08,
            (standings.learning(with_curves(run)) for run in _rows(history, parent)[:FEW_ROWS]),
        ),
        "tried": ("What was tried from the parent", 0.07, map(standings.tried, tried)),
        "failures": ("Failures, the latest first", 0.05, map(_failure, _latest(history.failed)[:MOST])),
        "notes": ("Notes on variants", 0.14, filter(None, map(standings.note, _noteworthy(history, parent)))),
        "code": ("Code of other variants", 0.20, code_of_others(history, parent, request.other)),
    }


def _from_elsewhere(history: History, parent: Run, older: Sequence[OlderNote]) -> Parts:
    """What others had in mind, and what was measured outside of this search."""
    measured = _measured(history, parent)
    return {
        "ideas": (
            "Ideas of others: moves of the catalogue and published mixers, what is known to help first",
            0.12,
            cited_ideas(history, parent, measured),
        ),
        "measured": (
            f"Measured before under this protocol\nvariant | {_columns(parent)} | average",
            0.07,
            _measured_rows(history, measured),
        ),
        "older notes": ("Notes from elsewhere", 0.05, filter(None, map(_older_note, reversed(older)))),
        "older rows": (
            "Scores from elsewhere, of another protocol: compare them among themselves alone",
            0.03,
            _older_rows(older),
        ),
    }


def _columns(parent: Run) -> str:
    return " | ".join(card_of(parent).tasks)


def relatedness(run: Run, parent: Run) -> float:
    """What two variants have in common: the share of words of their names and titles, and one if one made the other."""
    one, other = (set(f"{r.name} {r.proposal.title[ENGLISH]}".lower().replace("_", " ").split()) for r in (run, parent))
    kin = run.name in parent.proposal.parents or parent.name in run.proposal.parents or run.id == parent.id
    return len(one & other) / max(1, len(one | other)) + kin


def _rows(history: History, parent: Run) -> list[Run]:
    """The rows worth a look: parent, template, best, latest, other baselines, then the best and the latest in turn."""
    first = [run for run in (parent, history.baseline) if run is not None]
    known = [run for run in history.scored if run.proposal.author == BASELINE]
    best, latest = [*history.ranked[:FEW_ROWS]], _latest(history.scored)[:FEW_ROWS]
    return _distinct([*first, *best[:1], *latest[:1], *known, *_in_turn(best, latest)])


def _best_and_latest(history: History, runs: Sequence[Run]) -> list[Run]:
    return _distinct(_in_turn(_best(history, runs), _latest(runs)))[:MOST]


def _noteworthy(history: History, parent: Run) -> list[Run]:
    """The runs whose notes say most: in turn the best, the latest, and the most related to the parent."""
    ours = [run for run in history.scored if run.proposal.author != BASELINE]
    related = sorted(ours, key=lambda run: relatedness(run, parent), reverse=True)
    return _distinct(_in_turn(_best(history, ours)[:MOST], _latest(ours)[:MOST], related[:MOST]))[:MOST]


def _elsewhere(history: History, parent: Run, tried: Sequence[Run], synthesis: Synthesis | None) -> list[Run]:
    """What was tried from other parents, since the synthesis if there is one: the best and the latest in turn."""
    known = {run.id for run in tried} | {parent.id}
    if synthesis is not None:
        known |= {run.id for run in ended_proposals(history)[: synthesis.ended]}
    others = [run for run in history.runs if run.id not in known and run.proposal.author != BASELINE]
    return _best_and_latest(history, [run for run in others if run.tried])


def _reviews(history: History) -> Iterator[str]:
    """What a person said, the latest first; before it what must never come again."""
    never = _latest(barred(history))
    for run in never:
        yield _review(run, f"rejected everywhere, never propose this change again, of any parent:{_step(history, run)}")
    said = [run for run in _latest(history.runs) if run.review and run.review.reason and run not in never]
    for run in said[:MOST]:
        assert run.review is not None
        yield _review(run, run.review.decision)


def _step(history: History, run: Run) -> str:
    """The moves that a proposal makes and takes back, where they are known."""
    return "".join(f" {step.text[ENGLISH]}, as in" for step in steps_of(history, run.proposal)[:1])


def _review(run: Run, decision: str) -> str:
    assert run.review is not None
    title = one_line(run.proposal.title[ENGLISH], LINE)
    return f"{decision} {run.name} ({title}):\n{quoted(run.review.reason, LINE)}"


def _failure(run: Run) -> str:
    assert run.failure is not None
    done = [line[ENGLISH] for line in unfinished_lines(run.failure.unfinished)]
    return "\n".join([f"{run.name} ({run.failure.kind}):", quoted(str(run.failure.reason), LINE), *done])


def _pending(history: History) -> list[Run]:
    return [run for run in _latest(history.runs) if run.stage in ("proposed", "approved", "evaluating")]


def _calibration(history: History) -> Iterator[str]:
    found = calibrate(history)
    for name, known in sorted(found.items(), key=lambda item: item[0] != AVERAGE):
        yield f"{'all tasks' if name == AVERAGE else name}: {_skill(known)}"


def _skill(known: Calibration) -> str:
    skill = f", skill {known.skill:+.2f}" if known.skill is not None else ""
    return (
        f"{known.hits} of {known.judged} hit, measured minus predicted {signed(known.bias)} on the mean, "
        f"mean absolute error {known.error:.3f}, of no change {known.error_of_no_change:.3f}{skill}"
    )


def _measured(history: History, parent: Run) -> dict[str, MeasuredVariant]:
    card = card_of(parent)
    protocol = protocol_of(card.protocol, card.fingerprint, card.tasks)
    return measured_variants(protocol, history.noise) if protocol else {}


def _measured_rows(history: History, measured: Mapping[str, MeasuredVariant]) -> Iterator[str]:
    """The rows of variants that this history has none of, the best first; a task that was not measured has a dash."""
    if not measured:
        return
    every = dict.fromkeys(task for row in measured.values() for task in row.tasks)
    for name, row in measured.items():
        if history.find(name) is None:
            cells = [f"{row.tasks[task].mean:.3f}" if task in row.tasks else "-" for task in every]
            marked = f"{name} (a control, without any memory)" if name in control_paths() else name
            yield f"{marked} | {' | '.join(cells)} | {row.average:.3f}"


def _older_note(note: OlderNote) -> str:
    """What an imported note says: its lessons may hold here too."""
    said = "\n".join(note.sections.get(name, "") for name in ("lessons", "reasoning", "observations")) or note.text
    return f"note {note.id}\n{whole_sentences(said, OLDER_NOTE)}" if said.strip() else ""


def _older_rows(older: Sequence[OlderNote]) -> Iterator[str]:
    """The rows of imported tables, the latest note's and each table's best first; a row that comes again, once."""
    told = set()
    for note in reversed(older):
        for name, row in sorted(note.table.items(), key=lambda item: -sum(item[1].values())):
            cells = ", ".join(f"{task} {score:.3f}" for task, score in row.items())
            if row and (name, cells) not in told:
                told.add((name, cells))
                yield f"{name}: {cells}; average {sum(row.values()) / len(row):.3f} (note {note.id})"


def _best(history: History, runs: Iterable[Run]) -> list[Run]:
    """The scored ones of some runs, the best by the objective of the search first."""
    wanted = {run.id for run in runs}
    return [run for run in history.ranked if run.id in wanted]


def _latest(runs: Sequence[Run]) -> list[Run]:
    return list(reversed(runs))


def _in_turn(*orders: Sequence[T]) -> Iterator[T]:
    for group in zip_longest(*orders):
        yield from (each for each in group if each is not None)


def _distinct(runs: Iterable[Run]) -> list[Run]:
    return list({run.id: run for run in runs}.values())
