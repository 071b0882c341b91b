"""How a run was confined is kept as facts, of which each language makes its line; earlier lines stay as they were."""

import pytest
from pydantic import TypeAdapter

from agent.core.isolation import Isolation
from agent.core.reason import Reason

KEPT = TypeAdapter(Isolation)
PROVEN = Isolation(
    (Reason("isolation.namespaces"), Reason("isolation.seccomp")),
    (Reason("isolation.no_landlock", {"error": "Function not implemented"}),),
    tried=19,
    kernels="inverse by triton 3.6.0",
)
LEAKY = Isolation((Reason("isolation.seccomp"),), (), 19, (Reason("isolation.fork"), Reason("isolation.touch_file")))
WITHOUT_GPU = Isolation((), (), 16, (), trouble=Reason("isolation.gpu_no_answer"))
UNTRIED = Isolation(missing=(Reason("isolation.no_answer"),))


@pytest.mark.parametrize("isolation", [PROVEN, LEAKY, WITHOUT_GPU, UNTRIED, Isolation()])
def test_it_is_kept_whole(isolation):
    assert KEPT.validate_json(KEPT.dump_json(isolation)) == isolation


@pytest.mark.parametrize(
    ("isolation", "english", "chinese"),
    [
        (
            PROVEN,
            "isolation: namespaces, seccomp; 19 forbidden things tried, none worked; missing: Landlock (Function not "
            "implemented); the GPU works in it, kernels: inverse by triton 3.6.0",
            "命名空间、seccomp 调用过滤；尝试了 19 种被禁止的行为，均未成功；缺少：Landlock 访问限制"
            "（Function not implemented）；GPU 在其中可用，内核：inverse by triton 3.6.0",
        ),
        (
            LEAKY,
            "isolation NOT PROVEN: seccomp; it was possible to fork, touch a file",
            "未能证明隔离：seccomp 调用过滤；可以派生进程、更改文件时间",
        ),
        (
            WITHOUT_GPU,
            "isolation: none; 16 forbidden things tried, none worked; THE GPU CANNOT BE USED in it: the child that "
            "tried it died of it, or never ended",
            "无；尝试了 16 种被禁止的行为，均未成功；GPU 在其中无法使用：尝试使用它的子进程因此终止，或没有结束",
        ),
        (
            UNTRIED,
            "isolation: none; nothing could be tried; missing: the child that tries them gave no answer",
            "无；未能进行任何尝试；缺少：负责尝试的子进程没有作答",
        ),
    ],
)
def test_each_language_makes_its_line(isolation, english, chinese):
    assert isolation.line == english
    assert isolation.text["zh"] == chinese


def test_the_line_of_an_earlier_version_is_read_and_shown_as_it_was():
    line = "isolation: Landlock, seccomp; 14 forbidden things tried, none worked"
    isolation = KEPT.validate_json(f'"{line}"')
    assert isolation == Isolation(said=line)
    assert isolation.line == line
    assert isolation.text["zh"] == isolation.text["en"] == line.removeprefix("isolation: ")


def test_of_a_run_without_a_line_nothing_is_known():
    assert not KEPT.validate_json('""').known
    assert PROVEN.known
