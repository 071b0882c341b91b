"""English: what is put into a model's words where their numbers were filled in or checked."""

SENTENCES = {
    "claim.change": "{difference} ({verdict})",
    "claim.unknown": "[no score of {reference}]",
    "claim.wrong": " [wrong: the table has {truth:.3f}]",
    "claim.other way": " [wrong: it goes the other way]",
    "claim.no difference": " [wrong: the table has no such difference]",
    "claim.indistinguishable": " [wrong: indistinguishable by the table]",
    "claim.unchecked": " [not checked]",
}
