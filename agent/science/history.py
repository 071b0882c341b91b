"""What a workspace has tried so far, as proposers, the policy and the analyst read it. No input or output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from agent.core.baselines import TEMPLATE
from agent.core.run import Proposal, Run
from agent.core.score import Confirmation, ScoreCard, Verification
from agent.science.budget import Axis, MeansBudget, excess
from agent.science.comparison import Comparison, compare
from agent.science.estimate import Estimate, estimates
from agent.science.objective import DEFAULT, Judgement, Objective, judge
from agent.science.part_of_row import PartOfRow, part_of_row
from agent.science.setting_noise import Noise


@dataclass
class Memory:
    """What was worked out of runs before, with those runs and this noise: it holds as long as they are the same ones.

    Readers of a long history ask the same again and again, and one run more changes nothing of the others.
    """

    noise: Mapping[str, Noise] = field(default_factory=dict)
    estimates: dict[str, tuple[Run, dict[str, Estimate]]] = field(default_factory=dict)
    comparisons: dict[tuple[str, str], tuple[Run, Run, dict[str, Comparison]]] = field(default_factory=dict)
    judgements: dict[tuple[str, str, Objective], tuple[Run, Run, Judgement]] = field(default_factory=dict)
    parts: dict[tuple[str, str, Objective], tuple[Run, Run, PartOfRow | None]] = field(default_factory=dict)
    excesses: dict[str, tuple[Run, Run, MeansBudget, dict[Axis, float]]] = field(default_factory=dict)
    margins: dict[Objective, tuple["History", dict[str, float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class History:
    """Every run of a workspace in the order of their proposal, and the measured noise of its protocol."""

    runs: tuple[Run, ...]
    noise: Mapping[str, Noise]
    memory: Memory = field(default_factory=Memory, compare=False, repr=False)
    budget: MeansBudget = field(default_factory=MeansBudget)
    confirmations: Mapping[str, Confirmation] = field(default_factory=dict)  # run id -> its scores on fresh seeds
    objective: Objective = DEFAULT
    verifications: Mapping[str, Verification] = field(default_factory=dict)  # run id -> what it showed beyond its row

    @cached_property
    def scored(self) -> tuple[Run, ...]:
        """The runs that have a row."""
        return tuple(run for run in self.runs if run.scored)

    @property
    def failed(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.failure is not None)

    @cached_property
    def stopped(self) -> tuple[Run, ...]:
        """The runs that were stopped after a leg: they have scores in part, and no row."""
        return tuple(run for run in self.runs if run.stopped is not None)

    @property
    def rejected(self) -> tuple[Run, ...]:
        """What a person did not want to have trained; `run.review.reason` says why."""
        return tuple(run for run in self.runs if run.stage == "rejected")

    @cached_property
    def baseline(self) -> Run | None:
        """The template's own run; None before it is scored."""
        return self.find(TEMPLATE)

    @cached_property
    def best(self) -> Run | None:
        """The run with the highest gain over the template by the objective; of equals the first.

        None that exceeds the budget of means, and none that loses its memory or is surely below the floor of a task.
        """
        return max((run for run in self.scored if self.may_win(run)), key=self.merit, default=None)

    @cached_property
    def ranked(self) -> tuple[Run, ...]:
        """The scored runs, the best by the objective first; behind them those that can be no winner."""
        return tuple(sorted(self.scored, key=lambda run: (not self.may_win(run), -self.merit(run))))

    def may_win(self, run: Run) -> bool:
        """Whether a scored run keeps to the budget of means and forfeits nothing."""
        found = self.judgement(run)
        return not self.excess(run) and not (found is not None and found.forfeits)

    def merit(self, run: Run) -> float:
        """What a scored run is ranked by: its gain over the template by the objective, before that its average."""
        return card_of(run).average if self.baseline is None else self.judge(run, self.baseline).gain.difference

    def place(self, run: Run) -> tuple[bool, float]:
        """What puts scored runs in an order, the best last: whether one may be the best, and its merit."""
        return self.may_win(run), self.merit(run)

    def excess(self, run: Run) -> dict[Axis, float]:
        """What a scored run takes beyond the budget, in units of the template; empty for one that is no larger."""
        baseline = self.baseline
        if baseline is None or not run.scored or run.id == baseline.id:
            return {}
        known = self.memory.excesses.get(run.id)
        if known is None or known[0] is not run or known[1] is not baseline or known[2] != self.budget:
            found = excess(card_of(run), card_of(baseline), self.budget)
            known = self.memory.excesses[run.id] = run, baseline, self.budget, found
        return known[3]

    def find(self, name: str) -> Run | None:
        """The scored run of a variant."""
        return self._by_name.get(name)

    def free_name(self, name: str) -> str:
        """The name if no run has it, else the name with the first number that makes it a new one."""
        taken = {run.name for run in self.runs}
        numbered = (f"{name}_{number}" for number in range(2, len(taken) + 3))
        return next(choice for choice in (name, *numbered) if choice not in taken)

    def parent(self, proposal: Proposal) -> Run | None:
        """The scored run whose file a proposal changes; None without one."""
        return self.find(proposal.parents[0]) if proposal.parents else None

    def root(self, run: Run) -> Run | None:
        """The run on whose file a variant's moves were made; None where it is gone.

        It is the nearest ancestor that is not made of moves, often the template; for a run without moves the run
        itself. A known variant has no parent, and its moves are of the template.
        """
        path = []
        while run.proposal.moves and run.id not in self._roots:
            path.append(run.id)
            parent = self.find(run.proposal.parents[0] if run.proposal.parents else TEMPLATE)
            if parent is None:
                self._roots.update(dict.fromkeys(path))
                return None
            run = parent
        found = self._roots[run.id] if run.proposal.moves else run
        self._roots.update(dict.fromkeys(path, found))
        return found

    def children(self, name: str) -> tuple[Run, ...]:
        """All that was tried from a variant, whatever became of it."""
        return self._children.get(name, ())

    def tried_from(self, name: str) -> tuple[Run, ...]:
        """What was made of a variant and trained, whole or in part, or failed before: neither rejected nor waiting."""
        return tuple(run for run in self.children(name) if run.tried)

    def leaders(self, run: Run) -> dict[str, Run]:
        """By task: the highest of those that are ahead of a scored run beyond the noise."""
        fair = [(other, self.estimates(other)) for other in self.scored if not self.excess(other)]
        found = {task: self._leader(run, task, fair) for task in card_of(run).scores}
        return {task: leader for task, leader in found.items() if leader is not None}

    def _leader(self, run: Run, task: str, fair: Sequence[tuple[Run, Mapping[str, Estimate]]]) -> Run | None:
        """The highest alone will not do: its own noise may hide what a lower score with less noise shows."""
        mine = self.estimates(run)[task].mean
        higher = [(found[task].mean, other) for other, found in fair if found[task].mean > mine]
        ranked = [other for _, other in sorted(higher, key=lambda each: -each[0])]
        return next((other for other in ranked if self.compare(other, run)[task].verdict in ("better", "larger")), None)

    def estimates(self, run: Run) -> dict[str, Estimate]:
        """Each task, and "average": a scored run's scores with their noise."""
        known = self.memory.estimates.get(run.id)
        if known is None or known[0] is not run:
            known = self.memory.estimates[run.id] = run, estimates(card_of(run), self.noise)
        return known[1]

    def compare(self, run: Run, other: Run) -> dict[str, Comparison]:
        """Each task, and "average": how a scored run stands against another, seed by seed where they can be."""
        found = self._compared(run, other)
        if self.excess(run) and not self.excess(other):
            return {task: replace(each, larger=True) for task, each in found.items()}
        return found

    def _compared(self, run: Run, other: Run) -> dict[str, Comparison]:
        """The same, whatever the run takes."""
        known = self.memory.comparisons.get((run.id, other.id))
        if known is None or known[0] is not run or known[1] is not other:
            found = compare(card_of(run), card_of(other), self.noise)
            known = self.memory.comparisons[run.id, other.id] = run, other, found
        return known[2]

    def judge(self, run: Run, other: Run) -> Judgement:
        """How a scored run stands against another by the objective of the search."""
        key = run.id, other.id, self.objective
        known = self.memory.judgements.get(key)
        if known is None or known[0] is not run or known[1] is not other:
            found = judge(card_of(run), card_of(other), self.noise, self.objective, self._compared(run, other))
            known = self.memory.judgements[key] = run, other, found
        return known[2].of_larger() if self.excess(run) and not self.excess(other) else known[2]

    def part(self, run: Run, other: Run) -> PartOfRow | None:
        """How the legs of a run without a row stand against a scored run on the same seeds; None where it has no leg,
        or the other lacks one of the seeds."""
        key = run.id, other.id, self.objective
        known = self.memory.parts.get(key)
        if known is None or known[0] is not run or known[1] is not other:
            found = part_of_row(run.legs, card_of(other), self.noise, self.objective) if run.legs else None
            known = self.memory.parts[key] = run, other, found
        return known[2]

    def judgement(self, run: Run) -> Judgement | None:
        """The same against the template; None for the template itself, and where one of both has no score."""
        baseline = self.baseline
        if baseline is None or not run.scored or baseline.id == run.id:
            return None
        return self.judge(run, baseline)

    def against_template(self, run: Run) -> dict[str, Comparison]:
        """The same against the template; empty for the template itself, and where one of both has no score."""
        baseline = self.baseline
        if baseline is None or not run.scored or baseline.id == run.id:
            return {}
        return self.compare(run, baseline)

    def on_fresh_seeds(self, run: Run) -> dict[str, Comparison] | None:
        """Each task, and "average": how a run stands against the template where both were trained on the same fresh
        seeds; None where one was not, and for the template itself."""
        baseline = self.baseline
        if baseline is None or run.id == baseline.id or not self.confirmations.keys() >= {run.id, baseline.id}:
            return None
        mine, theirs = self.confirmations[run.id].card, self.confirmations[baseline.id].card
        return compare(mine, theirs, self.noise) if mine.fingerprint == theirs.fingerprint else None

    def judged_on_fresh_seeds(self, run: Run) -> Judgement | None:
        """The same by the objective of the search."""
        found, baseline = self.on_fresh_seeds(run), self.baseline
        if found is None or baseline is None:
            return None
        mine, theirs = (self.confirmations[one.id].card for one in (run, baseline))
        judged = judge(mine, theirs, self.noise, self.objective, found)
        return judged.of_larger() if self.excess(run) else judged

    @cached_property
    def _roots(self) -> dict[str, Run | None]:
        """Run id -> its root, of the runs that were asked for."""
        return {}

    @cached_property
    def _by_name(self) -> dict[str, Run]:
        """The first scored run of each name."""
        return {run.name: run for run in reversed(self.scored)}

    @cached_property
    def _children(self) -> dict[str, tuple[Run, ...]]:
        """Variant -> what was made of it."""
        found: dict[str, list[Run]] = {}
        for run in self.runs:
            for parent in dict.fromkeys(run.proposal.parents):
                found.setdefault(parent, []).append(run)
        return {parent: tuple(children) for parent, children in found.items()}


def card_of(run: Run) -> ScoreCard:
    """The scores of a run that has them; ValueError for one that has none."""
    if run.card is None:
        raise ValueError(f"run {run.id} ({run.name}) is {run.stage} and has no scores")
    return run.card
