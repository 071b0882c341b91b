"""Replies such as a model writes."""

from agent.core.resources import MOVES as MOVE_FILES
from agent.core.resources import TEMPLATE_FILE
from agent.proposer.moves import compose, load_moves

NAIVE = TEMPLATE_FILE.read_text(encoding="utf-8")
MOVES = load_moves(MOVE_FILES)


def variant(*moves):
    """The template with moves of the catalogue made."""
    return compose(NAIVE, [MOVES[name] for name in moves])


def words(name="bounded_error", **parts):
    """All that stands before the code; a part given as None is left out."""
    written = {
        "name": name,
        "title_en": "Bound the error",
        "title_zh": "限制误差",
        "observations_en": "• Fuzzy Recall is weakest: {{score:template:Fuzzy Recall}}.",
        "observations_zh": "• 模糊回忆最弱：{{score:template:Fuzzy Recall}}。",
        "issues_en": "• The error is written without a bound.",
        "issues_zh": "• 误差写入时没有限制。",
        "reasoning_en": "• A bounded error cannot overwrite the memory.",
        "reasoning_zh": "• 有界的误差不会覆盖记忆。",
        "expected_en": "• Fuzzy Recall should rise to 0.55.",
        "expected_zh": "• 预计 Fuzzy Recall 上升到 0.55。",
        "predicted": "Compress: 0.5\nContext Recall: 0.50\nFuzzy Recall: +0.05\nMemorize: 50%\nNoisy Recall: 0.5\n"
        "Selective Copy: 0.5 (unchanged)",
    } | parts
    return "\n".join(f"<{tag}>{text}</{tag}>" for tag, text in written.items() if text is not None)


def reply(source, name="bounded_error", **parts):
    """A good reply."""
    return f"Here is my proposal.\n\n{words(name, **parts)}\n\n```python\n{source}```\nI hope it helps."


def analysis(**parts):
    """A good analysis."""
    written = {
        "outcome_en": "• The bound did what it should: {{change:this:template:Memorize}} on Memorize.",
        "outcome_zh": "• 限制起到了作用：Memorize 的变化为 {{change:this:template:Memorize}}。",
        "lessons_en": "• Bound what is written.",
        "lessons_zh": "• 应限制写入的幅度。",
    } | parts
    return "\n".join(f"<{tag}>{text}</{tag}>" for tag, text in written.items() if text is not None)
