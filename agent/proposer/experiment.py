"""The experiment as a model is told of it: every number from the protocol's own data and the template's score card."""

from collections.abc import Iterator, Mapping

from agent.core.baselines import control_paths
from agent.core.run import Run
from agent.core.score import TaskScore
from agent.core.sentences import counted
from agent.core.text import ENGLISH, say
from agent.evaluator.protocol import Plan, Protocol
from agent.evaluator.protocols import protocol_of
from agent.evaluator.tasks import TASKS
from agent.evaluator.tasks.task import Setting
from agent.proposer.measured import measured_variants
from agent.science.history import History, card_of
from agent.science.objective_words import told_by
from agent.science.setting_noise import Noise


def experiment(history: History, parent: Run) -> list[str]:
    """What is trained, on what and for how long; empty where the runs are of a protocol that is no more."""
    card = card_of(parent)
    protocol = protocol_of(card.protocol, card.fingerprint, card.tasks)
    if protocol is None:
        return []
    template = history.baseline
    return [
        _network(protocol),
        _training(protocol),
        *(_task(protocol, task, template) for task in protocol.tasks),
        _metric(protocol),
        *_cost(protocol, template),
        *_controls(protocol, history.noise),
        f"{told_by(history.objective)[ENGLISH]} {say('objective.judged on')[ENGLISH]}",
    ]


def _network(protocol: Protocol) -> str:
    head = protocol.width // protocol.heads
    return (
        f"Network: 4 layers, [mixer, SwiGLU] twice, each on an RMS norm and added to the residual stream; width "
        f"{protocol.width}, {counted(protocol.heads, 'head')} of K = V = {head} channels, SwiGLU {protocol.inner} "
        "wide. Mixer: linear projections to q, k, v and beta (sigmoid), a causal convolution of width 4 a channel and "
        "SiLU on q, k and v, the op, an RMS norm a head with gain, a linear output projection. No position embedding. "
        f"chunk_size is {protocol.chunk_size}."
    )


def _training(protocol: Protocol) -> str:
    told = _rates(protocol.plans[0]) if _one_rate(protocol) else "as told of each task"
    decays = sorted({decay for plan in protocol.plans for decay in plan.weight_decays})
    grid = any(len(plan.learning_rates) * len(plan.weight_decays) > 1 for plan in protocol.plans)
    return (
        f"Training: AdamW (0.9, 0.999), learning rate {told}, weight decay "
        f"{' or '.join(f'{decay:g}' for decay in decays)}, constant, without warm-up"
        f"{', the best point of this grid for each seed' if grid else ''}. Cross-entropy at the scored positions. A "
        f"training ends early once validation accuracy passes {protocol.solved_at:g}: solved."
    )


def _task(protocol: Protocol, task: str, template: Run | None) -> str:
    """A task's sizes, how long it is trained, and what the template needed for it."""
    planned = [(plan, setting) for plan in protocol.plans for setting in plan.settings if setting.task == task]
    (plan, first), *others = planned
    steps = plan.epochs * -(-first.train_examples // plan.batch)
    told = _sizes(first)
    if others:
        told += f", and {counted(len(others), 'setting')} more that each vary one of these"
    spent = f"; {used}" if (used := _spent(protocol, task, template)) else ""
    rates = "" if _one_rate(protocol) else f", learning rate {_rates(plan)}"
    return (
        f"{task}: {told}; {counted(plan.seeds, 'seed')} each, batch {plan.batch}, {steps} steps "
        f"({counted(plan.epochs, 'epoch')}){rates}{spent}"
    )


def _one_rate(protocol: Protocol) -> bool:
    """Whether every task is trained at the same learning rates."""
    return len({plan.learning_rates for plan in protocol.plans}) == 1


def _rates(plan: Plan) -> str:
    return " or ".join(f"{rate:g}" for rate in sorted(plan.learning_rates))


def _sizes(setting: Setting) -> str:
    options = {option.name: option for task in TASKS if task.name == setting.task for option in task.options}
    own = [f", {options[name].meaning}: {value:g}" for name, value in setting.options.items()]
    return f"{setting.vocab} tokens, length {setting.length}, {setting.train_examples} training examples{''.join(own)}"


def _spent(protocol: Protocol, task: str, template: Run | None) -> str:
    """How long the template trained on it: its minutes are shared out by the tokens that each task took."""
    if template is None or template.card is None or task not in template.card.tasks:
        return ""
    scores = {**template.card.tasks, **template.card.further}
    taken = {name: _tokens(protocol, score) for name, score in scores.items()}
    seconds = template.card.seconds * taken[task] / max(1, sum(taken.values()))
    return f"the template takes about {_time(seconds)}"


def _time(seconds: float) -> str:
    return counted(round(seconds), "second") if seconds < 100 else f"{seconds / 60:.1f} minutes"


def _tokens(protocol: Protocol, score: TaskScore) -> int:
    """The tokens that the chosen replicas of a task were trained on."""
    shapes = {setting.label: plan.batch * setting.input_length for plan in protocol.plans for setting in plan.settings}
    return sum(seed.steps * shapes.get(seed.setting, 0) for seed in score.seeds)


def _metric(protocol: Protocol) -> str:
    return (
        f"Score: macro accuracy on {protocol.test_examples} fresh examples at the weights of lowest validation loss. "
        "In each batch of 128, the share correct of each token class, averaged over the classes that occur among the "
        "targets or the predictions: a class that is predicted and absent counts as 0, one that is in neither does not "
        "count, so one rare class can cost much where almost every token is right. Mean over batches, then seeds, then "
        "settings."
    )


def _cost(protocol: Protocol, template: Run | None) -> Iterator[str]:
    limit = (
        f"Limit: a row is ended as a timeout when it would take more than {protocol.slowest:g} times as long as the "
        f"template's on this machine, or {60 * protocol.time_limit_hours:.0f} minutes"
    )
    if template is None or template.card is None:
        yield f"{limit}."
        return
    card = template.card
    yield (
        f"{limit}; the template's took {_time(card.seconds)}. The template has {card.parameters:,} parameters in all "
        f"and a state of {card.state_size:,} numbers a sequence and mixer; what others have is told relative to it."
    )


def _controls(protocol: Protocol, noise: Mapping[str, Noise]) -> Iterator[str]:
    """What mixers score that hold nothing of what lies further back: the part of a score that needs no memory."""
    measured = measured_variants(protocol, noise)
    for name in control_paths():
        if row := measured.get(name):
            scores = ", ".join(f"{task} {score.mean:.3f}" for task, score in row.tasks.items())
            yield f"Without a memory ({name}): average {row.average:.3f}; {scores}. Only what lies above it needs one."
