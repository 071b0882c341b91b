"""What the desk says, in both languages, and which of them its reader chose."""

import json
import os
from typing import Literal

from agent.core.errors import UsageError
from agent.core.text import Text
from agent.store.files import reading
from agent.store.workspace import RUNS, Workspace

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, Language] = ("en", "zh")
FILE = "desk.json"  # in runs/

WORDS = {
    "approve": Text("approve", "批准"),
    "edit": Text("edit", "编辑"),
    "reject": Text("reject", "驳回"),
    "skip": Text("skip", "跳过"),
    "language": Text("中文", "English"),
    "file": Text("full file", "完整文件"),
    "card": Text("back to the card", "返回卡片"),
    "quit": Text("quit", "退出"),
    "scroll": Text("scroll", "滚动"),
    "remark": Text("Approve with a remark, or none", "批准（可附备注）"),
    "reason": Text("Reject, because", "驳回，理由"),
    "reason needed": Text("A reason is needed: the next proposals learn from it.", "需要给出理由：后续提案会参考。"),
    "approved": Text("approved", "已批准"),
    "rejected": Text("rejected", "已驳回"),
    "skipped": Text("skipped for now", "暂时跳过"),
    "unchanged": Text("Nothing was changed.", "没有改动。"),
    "edited": Text("Your version passed the checks and replaces the proposal.", "你的版本通过了检查，已取代原提案。"),
    "draft": Text("your version is kept there", "你的版本保存于此"),
    "done": Text("done", "确定"),
    "refused": Text("Your version was refused; e goes on from it:", "你的版本未通过检查；按 e 可继续修改："),
    "editor failed": Text("The editor failed, nothing was changed:", "编辑器出错，没有改动："),
    "checking": Text("checking your version", "正在检查你的版本"),
    "proposing": Text("thinking of the next proposal", "正在构思下一个提案"),
    "nothing proposed": Text("nothing is left to propose", "已没有可提出的改动"),
    "failed proposal": Text("a proposal failed its checks", "一个提案未通过检查"),
    "waiting": Text("waiting", "待审"),
    "training": Text("training", "训练中"),
    "from": Text("from", "基于"),
    "root": Text("no parent", "无父变体"),
    "by": Text("proposed by", "提案者"),
    "edited by": Text("edited by", "编辑者"),
    "protocol": Text("protocol", "协议"),
    "reasoning": Text("Why this change", "改动理由"),
    "observations": Text("What was seen so far", "目前的观察"),
    "issues": Text("Issues in the code", "代码中的问题"),
    "expected": Text("What is expected", "预期"),
    "scores": Text("Scores", "分数"),
    "task": Text("task", "任务"),
    "predicted": Text("predicted", "预测"),
    "change": Text("change", "变化"),
    "parent": Text("parent", "父变体"),
    "best": Text("best", "最佳"),
    "average": Text("average", "平均"),
    "noise": Text("± noise", "± 噪声"),
    "band": Text("noise, 95%", "噪声，95%"),
    "against the parent": Text("against", "相对"),
    "best is": Text("The best is ", "最佳变体："),
    "of the unedited": Text(
        "Prediction and reasons are those of the proposal before it was edited.", "预测与理由针对编辑之前的提案。"
    ),
    "no prediction": Text("Nothing was predicted.", "没有给出预测。"),
    "checks": Text("Checks passed", "已通过检查"),
    "check list": Text(
        "code, contract, repeatability, causality, batch independence, streaming, linear cost, gradients; "
        "computes what no earlier variant does",
        "代码、契约、可重复性、因果性、批次独立、流式、线性开销、梯度；与此前任何变体都不等价",
    ),
    "cost": Text("Cost", "成本"),
    "this one": Text("this one about", "本次约"),
    "unknown time": Text("nothing was timed yet", "尚无计时"),
    "diff": Text("The change", "代码改动"),
    "yours": Text("Your change of the proposal", "你对提案的改动"),
    "whole": Text("The whole file", "完整文件"),
    "decided": Text("was decided or changed elsewhere meanwhile", "已在别处被处理或更改"),
    "elsewhere": Text("the search that is running trains it", "由正在运行的搜索训练"),
    "leaving": Text("leave", "离开"),
    "stops": Text("stops after this run", "在本次运行后停止"),
}  # fmt: skip


def words(language: Language, key: str) -> str:
    return str(getattr(WORDS[key], language))


def choose_language(workspace: Workspace, asked: str | None) -> Language:
    """The language that is asked for, which is then remembered; else the remembered one; else the user's own."""
    if asked is not None:
        if asked not in LANGUAGES:
            raise UsageError(f"--lang {asked}: {' or '.join(LANGUAGES)}")
        language: Language = "zh" if asked == "zh" else "en"
        remember_language(workspace, language)
        return language
    path = workspace.root / RUNS / FILE
    with reading(path):
        if path.exists():
            return "zh" if json.loads(path.read_text(encoding="utf-8"))["language"] == "zh" else "en"
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if spoken.startswith("zh") else "en"


def remember_language(workspace: Workspace, language: Language) -> None:
    workspace.keep(FILE, json.dumps({"language": language}) + "\n")
