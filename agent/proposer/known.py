"""The known systems, which a search measures before it proposes anything: everything is compared with the template."""

from collections.abc import Iterable, Set

from agent.core.baselines import TEMPLATE, baseline_path, moves_of, reference_scores
from agent.core.errors import DeltaSearchError
from agent.core.resources import MOVES
from agent.core.run import BASELINE, Proposal, Run, Section
from agent.core.sentences import bullets, listed, signed, solved_and_room
from agent.core.text import Text
from agent.proposer.moves import load_moves
from agent.science.history import History

FAR = 0.01  # a difference of a known score worth a word


class TemplateFailed(DeltaSearchError):
    """The template has no score, so that nothing else can be compared."""

    def __init__(self, run: Run) -> None:
        assert run.failure is not None
        self.detail = run.failure.log_tail
        super().__init__(
            f"the template itself could not be scored ({run.failure}), and everything is "
            f"compared with it; see runs/{run.id}, and start again: the next search tries it once more"
        )


def next_known(history: History, names: Iterable[str], begun: Set[str]) -> Proposal | None:
    """The first of some known systems that was not measured yet; None when all were.

    The template is tried again where only an earlier search failed at it. TemplateFailed if this one did, by the ids
    of the runs that it has `begun`.
    """
    for name in names:
        runs = [run for run in history.runs if run.name == name]
        if not runs:
            return known_variant(name)
        if name == TEMPLATE and not history.baseline:
            if runs[-1].id in begun:
                raise TemplateFailed(runs[-1])
            return known_variant(name)
    return None


def known_variant(name: str) -> Proposal:
    """A known system as it stands in baselines/, with what is known of it."""
    source = baseline_path(name).read_text(encoding="utf-8")
    if name == TEMPLATE:
        title = Text("DeltaNet, the template of all variants", "DeltaNet：所有变体的模板")
        return Proposal(name, source, BASELINE, title, argument=_of_the_template())
    moves = moves_of(name)
    move = load_moves(MOVES)[moves[0]]
    argument: dict[Section, Text] = {
        "observations": _known(name),
        "issues": bullets([move.issue]),
        "reasoning": bullets([move.reasoning]),
        "expected": _expected(name),
    }
    return Proposal(name, source, BASELINE, move.title, moves=moves, argument=argument)


def _of_the_template() -> dict[Section, Text]:
    return {
        "observations": _known(TEMPLATE),
        "issues": Text(
            "• Nothing is ever forgotten: S has no decay, so old facts leave only when a new key overwrites them.\n"
            "• Queries and keys carry no position: the same token at two places has one key.\n"
            "• Inside a chunk the products of queries and keys are neither normalised nor bounded.",
            "• 从不遗忘：S 没有衰减，旧内容只有在被新的 key 覆盖时才会消失。\n"
            "• q 和 k 不含位置信息：同一 token 在两处的 key 相同。\n"
            "• chunk 内 q 与 k 的内积既未归一化，也没有上界。",
        ),
        "reasoning": Text(
            "• It is measured as it is: every variant is a change of it and is compared with it.",
            "• 原样测量：每个变体都是对它的改动，并与它比较。",
        ),
        "expected": Text(
            "• No prediction: this score is what predictions start from.",
            "• 不作预测：之后的预测都以此得分为起点。",
        ),
    }


def _known(name: str) -> Text:
    """What the known table says of a system: baselines/reference.csv, of the protocol mad."""
    scores = reference_scores()[name]
    average = f"{sum(scores.values()) / len(scores):.3f}"
    known = Text(
        f"• Known from elsewhere, under the protocol mad: an average of {average}. ",
        f"• 已知结果（mad 协议）：平均分 {average}。",
    )
    return known + solved_and_room(scores)


def _expected(name: str) -> Text:
    """Where the known scores lie above and below the template's."""
    known = reference_scores()
    changes = {task: score - known[TEMPLATE][task] for task, score in known[name].items()}
    far = [f"{task} {signed(change)}" for task, change in changes.items() if abs(change) >= FAR]
    known_change = Text("• Known against the template, under mad: ", "• 已知与模板相比（mad 协议）：") + listed(far)
    return known_change + Text(
        " Another protocol has other levels, and the order may differ where its settings do. No prediction is "
        "registered for a known system.",
        "不同协议的分数水平不同；设置不同时，次序也可能不同。已知系统不登记预测。",
    )
