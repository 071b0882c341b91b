"""Chinese: what is put into a model's words where their numbers were filled in or checked."""

SENTENCES = {
    "claim.change": "{difference}（{verdict}）",
    "claim.unknown": "［没有 {reference} 的分数］",
    "claim.wrong": "［有误：表中为 {truth:.3f}］",
    "claim.other way": "［有误：方向相反］",
    "claim.no difference": "［有误：表中没有这一差值］",
    "claim.indistinguishable": "［有误：按表无法区分］",
    "claim.unchecked": "［未核对］",
}
