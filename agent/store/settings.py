"""What a workspace judges its runs by, read together: a history holds as long as none of it has changed."""

from dataclasses import dataclass

from agent.science.budget import MeansBudget
from agent.science.noise import Replicates
from agent.science.objective import Objective


@dataclass(frozen=True)
class Settings:
    """The protocol that is held, if any; the template's further seeds, the budget of means and the objective."""

    held: dict[str, str] | None
    replicates: Replicates
    budget: MeansBudget
    objective: Objective
