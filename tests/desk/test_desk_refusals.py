"""Why something was refused, in the language that the reader of the desk chose."""

import pytest

from agent.core.errors import DeltaSearchError
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.desk.words import reason_in
from agent.evaluator.failure import EvaluationFailed
from agent.proposer.patch import PatchRejected


@pytest.mark.parametrize(
    ("error", "english", "chinese"),
    [
        (
            EvaluationFailed(Failure("duplicate", Reason("failure.duplicate", {"twin": "x_2"}))),
            "a duplicate: it computes what x_2 computes, number for number",
            "重复：其计算结果与 x_2 逐数相同",
        ),
        (
            PatchRejected(Reason("failure.block_empty", {"block": 2})),
            "block 2: the SEARCH part is empty; repeat the lines that are to be replaced",
            "第 2 块：SEARCH 部分为空；请重复要替换的行",
        ),
        (DeltaSearchError("the disk is full"), "the disk is full", "the disk is full"),
    ],
)
def test_a_refusal_is_told_in_the_readers_language(error, english, chinese):
    assert reason_in("en", error) == english
    assert reason_in("zh", error) == chinese
