"""The insight note: its two sections that follow a run, and the whole of it in the layout of the older notes."""

from collections.abc import Sequence

from agent.analyst import words
from agent.analyst.facts import Facts, gather
from agent.analyst.next_steps import next_steps
from agent.core.languages import LANGUAGES
from agent.core.reason import Reason
from agent.core.run import BASELINE, MARKER, SECTIONS, Proposal, Run, Section, heading
from agent.core.sentences import bullets, joined, solved_and_room
from agent.core.text import Text, clean, in_each, say
from agent.science.confirmation import standing_of
from agent.science.field import rivals
from agent.science.history import History, card_of
from agent.science.verification_words import verified

ALL = "all"  # languages


def analyse(history: History, run: Run, beside: Sequence[Text] = ()) -> dict[Section, Text]:
    """What came of a run that was scored, failed or was stopped after a leg, and what that teaches.

    `beside` are further lines of a known system's note, such as how controls stand.
    """
    facts = gather(history, run)
    if run.failure is not None:
        outcome = words.failure(facts)
    elif run.stopped is not None:
        outcome = _stopped(history, run, run.stopped)
    elif run.proposal.author == BASELINE:
        outcome = [*_baseline(history, facts), *beside]
    else:
        outcome = _scored(history, facts)
    return {"outcome": bullets(outcome), "lessons": bullets(_lessons(facts))}


def _scored(history: History, facts: Facts) -> list[Text]:
    return [
        words.placing(facts),
        *_compared(facts),
        *_best_known(history, facts),
        *words.noise(facts),
        *words.learning(facts),
        *words.beyond_the_table(facts),
        *words.local_apart(facts),
        *words.interplay(facts),
        *words.cost(facts),
        *words.predictions(facts),
    ]


def _stopped(history: History, run: Run, why: Reason) -> list[Text]:
    """Why it has no row, and how its legs stand against the template and the best, seed by seed."""
    others = {other.id: other for other in (history.baseline, history.best) if other is not None}
    parts = [(other, part) for other in others.values() if (part := history.part(run, other)) is not None]
    told = [words.against(other, part.tasks, part.judged) for other, part in parts]
    return [say("note.stopped", reason=why.text), *([say("note.part", count=len(run.legs)), *told] if told else [])]


def _baseline(history: History, facts: Facts) -> list[Text]:
    """A known system has no prediction: its note says what everything else is measured by."""
    card = card_of(facts.run)
    lines = [
        words.placing(facts),
        solved_and_room(card.scores),
        *_compared(facts),
        *words.noise(facts),
        *words.learning(facts),
        *words.beyond_the_table(facts),
    ]
    noise = sorted(history.noise.items(), key=lambda item: item[1].std, reverse=True)
    if noise:
        (setting, loudest), (quiet, least) = noise[0], noise[-1]
        lines.append(say("note.noise of settings", loudest=setting, most=loudest.std, quietest=quiet, least=least.std))
    return lines + words.cost(facts)


def _compared(facts: Facts) -> list[Text]:
    """Against the template, and against the parent where that is another."""
    lines = []
    if facts.baseline and facts.judged_baseline:
        lines.append(words.against(facts.baseline, facts.against_baseline, facts.judged_baseline))
    if facts.parent and facts.judged_parent and facts.parent != facts.baseline:
        lines.append(words.against(facts.parent, facts.against_parent, facts.judged_parent))
    in_log_odds = any(found.judged for found in facts.against_baseline.values())
    return [*lines, say("objective.judged on")] if in_log_odds else lines


def _best_known(history: History, facts: Facts) -> list[Text]:
    """Against the best of the known mixers that were measured here, where that is not the parent."""
    found = [rival for rival in rivals(history, facts.run) if rival.known and rival.run != facts.parent]
    return [
        joined([say("note.best known", name=rival.run.name), said], "list.space")
        for rival in found
        for said in [words.against(rival.run, rival.found, rival.judgement)]
    ]


def _lessons(facts: Facts) -> list[Text]:
    lines = [*words.effect_lines(facts), *words.siblings(facts), *words.calibration(facts.calibration)]
    return [*lines, *next_steps(facts)] or [say("note.nothing to learn")]


def render_note(history: History, run: Run, language: str = ALL) -> str:
    """The whole note: the table as it stood, the run's time, and every section in one language or all."""
    codes = list(LANGUAGES) if language == ALL else [language]
    parts = [f"{table(history, run)}\n\n{run.id}\n\n{MARKER}"]
    if run.review is not None and run.review.reason:
        decision = run.review.decision + " everywhere" * run.review.everywhere
        parts.append(f"{clean(run.review.by)} / {decision}: {clean(run.review.reason)}")
    parts += ["\n".join(asked[code] for code in codes) for asked in _asked(run.proposal)]
    written = {**run.proposal.argument, **run.analysis}
    if "outcome" in written and run.scored and run.proposal.author != BASELINE:
        shown = verified(history, run)
        came, stands = written["outcome"], bullets([standing_of(history, run), *([shown] if shown else [])])
        written["outcome"] = in_each(lambda code: f"{came[code]}\n{stands[code]}")
    for section in SECTIONS:
        text = written.get(section) or say("section.empty")
        for code in codes:
            parts.append(f"{heading(section)[code]}\n\n{_quoted(text[code])}")
    parts.append(run.name)
    return "\n\n".join(parts) + "\n"


def _asked(proposal: Proposal) -> list[Text]:
    """What a model was asked for, and what a person wanted, where that is known."""
    kind = [say("note.kind", kind=kind_title(proposal))] if proposal.kind else []
    return kind + ([say("note.idea", idea=" ".join(clean(proposal.idea).split()))] if proposal.idea else [])


def kind_title(proposal: Proposal) -> Text:
    """The kind of change that a model was asked for, as it is told."""
    return say(f"kind.{proposal.kind}", task=proposal.task) if proposal.task else say(f"kind.{proposal.kind}")


def table(history: History, run: Run) -> str:
    """The scores of all that was evaluated up to a run, six decimals, as pandas prints a table."""
    end = run.ended or float("inf")
    scored = [other for other in history.scored if other.id == run.id or (other.reached("evaluated") or 0.0) <= end]
    if run.scored and run.id not in {other.id for other in scored}:
        scored.append(run)
    if not scored:
        return "(no score yet)"
    import pandas as pd  # takes a second, and the headings are wanted more often than a table

    frame = pd.DataFrame([{"Unnamed: 0": other.name} | card_of(other).scores for other in scored])
    return str(frame.to_string(float_format=lambda score: f"{score:.6f}"))


def _quoted(text: str) -> str:
    """Clean text of which no line can pass for the layout's own."""
    own = {MARKER} | {heading(section)[code] for section in SECTIONS for code in LANGUAGES}
    lines = clean(text).strip().split("\n")
    return "\n".join(f"  {line}" if line.strip() in own else line for line in lines)
