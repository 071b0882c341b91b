"""Predicted scores as models write them: read right, or not at all."""

import time

import pytest

from agent.proposer.predictions import read_predictions

PARENTS = {
    "Compress": 0.263, "Context Recall": 0.19, "Fuzzy Recall": 0.477, "Memorize": 0.852, "Noisy Recall": 0.31,
    "Selective Copy": 0.38,
}  # fmt: skip


def read(text):
    return {task: round(score, 6) for task, score in read_predictions(text, PARENTS).items()}


def memorize(words):
    return read(f"Memorize{words}").get("Memorize")


@pytest.mark.parametrize(
    ("words", "score"),
    [
        # a score
        (": 0.90", 0.9), (": .90", 0.9), (":0.9", 0.9), (" = 0.90", 0.9), (" — 0.90", 0.9), (" 0.90", 0.9),
        ("：0.90", 0.9),
        (": ~0.90", 0.9), (": ≈ 0.90", 0.9), (": about 0.90", 0.9), (": >0.90", 0.9), (": 约 0.90", 0.9),
        (": 0.90.", 0.9),
        (": **0.90**", 0.9), (": `0.90`", 0.9), (": $0.90$", 0.9), (': "0.90"', 0.9), (": 9.0e-1", 0.9),
        (": 8.6E-1", 0.86),
        (": 1.0", 1.0), (": 1", 1.0), (": 0.90 (better)", 0.9), (": 0.90（上升）", 0.9), (": 0.90 — see below", 0.9),
        (": ０.９０", 0.9), (": stays at 0.85", 0.85), (": 0.90 in v2 of it", 0.9), (": 1 step up, 0.90", 0.9),
        # decimal commas and percentages
        (": 0,86", 0.86), (": 0,9", 0.9), (": 90%", 0.9), (": 90 %", 0.9), (": 90％", 0.9), (": 90 percent", 0.9),
        (": 90.5%", 0.905), (": 90,5 %", 0.905),
        # ways from the parent
        (": 0.852 -> 0.90", 0.9), (": 0.852 → 0.90", 0.9), (": 0.852 => 0.90", 0.9), (": 0.852 --> 0.90", 0.9),
        (": 0.852 ⇒ 0.90", 0.9), (": 0.852 -> 0.90 (+0.05)", 0.9), (": 85.2% -> 90%", 0.9), (": 0,852 → 0,90", 0.9),
        (": from 0.852 to 0.90", 0.9), (": 0.852 to 0.90", 0.9), (": 从 0.852 到 0.90", 0.9),
        (": 0.852 \\to 0.90", 0.9),
        (": 0.90, up from 0.852", 0.9), (": 0.90 (was 0.852)", 0.9), (": 0.90 vs 0.852", 0.9),
        (": was 0.852, 0.90", 0.9),
        (": parent 0.852, predicted 0.90", 0.9), (": 0.852 -> 0.88 - 0.92", 0.9), (": 0.852 + 0.05 = 0.902", 0.902),
        (" → 0.90", 0.9), (": 0.852 -> +0.05", 0.902), (": 0.90 +0.05", 0.9), (": 0.852 (+0.05)", 0.852),
        # ranges
        (": 0.88-0.92", 0.9), (": 0.88 - 0.92", 0.9), (": 0.88–0.92", 0.9), (": 0.88—0.92", 0.9),
        (": 0.88 ~ 0.92", 0.9),
        (": 0.88 to 0.92", 0.9), (": between 0.88 and 0.92", 0.9), (": 0.88..0.92", 0.9), (": 0.88…0.92", 0.9),
        (": [0.88, 0.92]", 0.9), (": 88-92%", 0.9), (": 88%-92%", 0.9), (": 88% to 92 %", 0.9), (": 0,88-0,92", 0.9),
        (": 0.88 到 0.92", 0.9), (": 0.88～0.92", 0.9), (": 0.88 / 0.92", 0.9), (": (0.88-0.92)", 0.9),
        # uncertainty beside a score
        (": 0.90 ± 0.01", 0.9), (": 0.90±0.02", 0.9), (": 0.90 (±0.05)", 0.9), (": 0.90 +/- 0.02", 0.9),
        # changes
        (": +0.05", 0.902), (": -0.05", 0.802), (": −0.05", 0.802), (": + 0.05", 0.902), (": +5%", 0.902),
        (": -5 %", 0.802),
        (": +0,05", 0.902), (": up by 0.05", 0.902), (": rises by 0.05", 0.902), (": falls by 0.05", 0.802),
        (": 上升 0.05", 0.902), (": 下降约 0.05", 0.802), (": rises to 0.90", 0.9), (": +0.04 to +0.06", 0.902),
        (": +0.04-0.06", 0.902), (": +0.05 (0.902)", 0.902), (": ±0.00", 0.852), (": +0.00", 0.852), (": ±0", 0.852),
        (": unchanged", 0.852), (": no change", 0.852), (": 不变", 0.852), (": same as the parent", 0.852),
        (": stays", 0.852),
        # what is unclear or impossible goes back
        (": 1.27", None), (": nan", None), (": ±0.05", None), (": high", None), (": ", None), ("", None),
        (": ?", None),
        (": 0.90 or 0.95", None), (": 0.80, 0.90", None), (": +0.5", None), (": -0.9", None), (": 120%", None),
        (": v2", None), (": 0.88 0.92", None),
    ],
)  # fmt: skip
def test_what_is_said_of_one_task(words, score):
    assert memorize(words) == score


ALL = {"Compress": 0.27, "Context Recall": 0.2, "Fuzzy Recall": 0.48, "Memorize": 0.86, "Noisy Recall": 0.31,
       "Selective Copy": 0.39}  # fmt: skip
LINES = [f"{task}: {score}" for task, score in ALL.items()]
PARENT_LINES = [f"{task}: {score}" for task, score in PARENTS.items()]


def rows(*columns):
    """A table of the tasks with a column for each function of a task."""
    return "\n".join("| " + " | ".join([task, *(f"{column(task)}" for column in columns)]) + " |" for task in ALL)


def parent(task):
    return PARENTS[task]


def predicted(task):
    return ALL[task]


def change(task):
    return f"{ALL[task] - PARENTS[task]:+.3f}"


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(LINES),
        ", ".join(LINES),
        "; ".join(LINES),
        "{" + ", ".join(f'"{task}": {score}' for task, score in ALL.items()) + "}",
        "{\n" + ",\n".join(f'  "{task}": {score}' for task, score in ALL.items()) + "\n}",
        "\n".join(f"- **{line.replace(':', '**:')}" for line in LINES),
        "\n".join(f"{n}. {line}" for n, line in enumerate(LINES, 1)),
        "\n".join(f"> {line}" for line in LINES),
        "\n".join(f"* _{task}_ — {score}" for task, score in ALL.items()),
        "\n".join(line.lower().replace(" recall", "_recall") for line in LINES),
        "\n".join(f"{task.replace(' ', '-')}: {score}" for task, score in ALL.items()),
        "Compression: .27\nIn-Context Recall: .2\nFuzzy In-Context Recall: .48\nMemorization: .86\n"
        "Noisy In-Context Recall: .31\nSelective Copying: .39",
        "压缩：0.27\n上下文回忆：0.2\n模糊回忆：0.48\n记忆：0.86\n噪声回忆：0.31\n选择性复制：0.39",
        "\n".join(f"{task}: {100 * score:.0f}" for task, score in ALL.items()),
        "| task | predicted |\n|---|---|\n" + rows(predicted),
        "| task | parent | predicted |\n|---|---|---|\n" + rows(parent, predicted),
        "| task | predicted | parent |\n|---|---|---|\n" + rows(predicted, parent),
        "| task | parent | predicted | change |\n|:--|--:|--:|--:|\n" + rows(parent, predicted, change),
        "| task | parent | change | predicted |\n|---|---|---|---|\n" + rows(parent, change, predicted),
        "| 任务 | 父变体 | 预测 | 变化 |\n|---|---|---|---|\n" + rows(parent, predicted, change),
        "| task | now | then | why |\n|---|---|---|---|\n" + rows(parent, predicted, lambda task: "so"),
        rows(parent, predicted),
        rows(predicted),
        rows(parent, predicted, change),
        "| | " + " | ".join(ALL) + " |\n|---|---|---|---|---|---|---|\n| parent | "
        + " | ".join(map(str, PARENTS.values())) + " |\n| predicted | " + " | ".join(map(str, ALL.values())) + " |",
        " | ".join(ALL) + "\n" + " | ".join(map(str, ALL.values())),
        "\n".join(f"{task}\t{PARENTS[task]}\t{score}" for task, score in ALL.items()),
        "\n".join(PARENT_LINES) + "\n\n" + "\n".join(LINES),
        "I expect a little everywhere, as Memorize has shown:\n" + "\n".join(LINES) + "\n(Compress is the hardest.)",
        "\n".join(f"{line} because Compress and Fuzzy Recall are tied" for line in LINES),
    ],
)  # fmt: skip
def test_a_whole_prediction_in_its_many_layouts(text):
    assert read(text) == ALL


def test_a_change_in_a_column_of_its_own_is_added():
    assert read("| task | parent | change |\n|---|---|---|\n" + rows(parent, change)) == ALL
    assert read("| task | change |\n|---|---|\n" + rows(change)) == ALL
    assert read(rows(change)) == ALL


def test_a_zero_among_changes_is_unclear():
    assert read("Compress: +0.01\nMemorize: 0\nNoisy Recall: ±0.00") == {"Compress": 0.273, "Noisy Recall": 0.31}
    assert read("Compress: 0.01\nMemorize: 0") == {"Compress": 0.01, "Memorize": 0.0}


def test_a_task_of_another_protocol_is_found_by_its_name():
    assert read_predictions("State Tracking -> 0.5\nstate_tracking_2: 0.1", {"State Tracking": 0.1}) == {
        "State Tracking": 0.5
    }


@pytest.mark.parametrize(
    "mark", ["\t", " ", "\n", '"', "'", "_", "{", "[", "(", "-", "=", ":", "|", "|-", "1", "1.", "a"]
)
@pytest.mark.parametrize(
    "before", ["", "Memorize: ", "Memorize: 0.9 ", "Memorize: from ", "| task | predicted |\n| Memorize |"]
)
def test_no_prediction_takes_long_to_read(before, mark):
    began = time.process_time()
    read(f"{before}{mark * 20_000}x")
    assert time.process_time() - began < 2


def test_blanks_between_the_parts_of_a_prediction_are_one():
    assert read("Memorize:  \u3000  0.852    ->  \u2003 0.90") == {"Memorize": 0.9}
    assert read("Memorize \t \t 0.852 \t\t 0.90") == {"Memorize": 0.9}
