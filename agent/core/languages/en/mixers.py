"""English: what a check says of a mixer, and the field's mixers by their titles."""

SENTENCES = {
    # what `check` found
    "check.passed": "{file} keeps the contract: every probe passed (sizes of {protocol})",
    "check.declared": "learned inputs: {inputs} Learned parameters: {parameters}",
    "check.parameters": "parameters: {count:,}, {times:.2f} times those of the template",
    "check.state": "state: {count:,} numbers a sequence, {times:.2f} times that of the template",
    "check.unused": "remark: no output depends on {names}",
    "check.twin": "remark: it computes what {twin} of this workspace computes; a search would refuse it as a duplicate",
}
