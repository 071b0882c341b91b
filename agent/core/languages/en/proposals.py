"""English: what a proposal says before anything is trained."""

SENTENCES = {
    # what was seen so far
    "argue.parent": "The parent {name} has an average of {average:.3f}. {scores}",
    "argue.no leader": "No variant so far is ahead of it on a task beyond the noise.",
    "argue.leaders": "Others are ahead of it beyond the noise: {list}",
    "argue.noise unknown": (
        "How large the noise is nobody has measured under this protocol, and one seed does not show it."
    ),
    "argue.noise": (
        "Noise: two averages like its own must differ by about {needed:.3f} to be told apart, two scores of the "
        "noisiest task, {loudest}, by {most:.3f}."
    ),
    "argue.no effect": "No move was measured yet: what is expected of one is its author's guess.",
    "argue.effects": (
        "Surest effects of moves on the average, by their authors' expectation and the runs so far: {list}"
    ),
    "argue.untried": "Nothing was tried from it yet.",
    "argue.tried": (
        "Tried from it before: {tried}, of which {better} were better beyond the noise and {failed} failed."
    ),
    # what is to blame, and why the change helps
    "argue.superfluous": "The parent may carry what does not help: {list}",
    "argue.reason": "{title}. {reasoning}",
    "argue.reasoning": "{reason} ({source})",
    "argue.unmeasured": "Nobody has measured {name} here; its author expects {effect} of the average.",
    "argue.evidence": "What {name} does to the average, by its author's expectation and {runs}: {effect}.",
    "argue.removal": (
        "Without {name}: what it does to the average is {effect}, by its author's expectation and {runs}; simpler code "
        "is easier to build on."
    ),
    "argue.pairing": "Both parents are scored: {one} and {other}. The question is whether their gains add up.",
    # what is expected
    "argue.no change": "No change expected: {list}",
    "argue.corrected": ("Corrected by what earlier predictions missed, before scores are held to 0 and 1: {list}"),
    # what a language model is told to write between its tags, where English is asked for already
    "prompt.title": "the change in a few words",
    "prompt.same": "the same in English",
    # titles
    "title.without": "without: {move}",
    "title.by hand": "{file}, by hand",
    "title.added by hand": "{file}, by hand",
    "title.template": "DeltaNet, the template of all variants",
    "title.proposed": "Softmax, tanh and a write gated by beta: the older notes' next proposal",
    "known.proposed": "• What the notes on the known scores propose next. It has no known score.",
    "title.own": "{file}, a file of your own",
    "known.published": "• A published mixer: it is measured here as it is, for what is compared with it.",
    "known.own": "• {file} is measured as it is, for what is made of it to be compared with it.",
    # known systems
    "known.issues": (
        "• Nothing is ever forgotten: S has no decay, so old facts leave only when a new key overwrites them.\n"
        "• Queries and keys carry no position: the same token at two places has one key.\n"
        "• Inside a chunk the products of queries and keys are neither normalised nor bounded."
    ),
    "known.reasoning": "• It is measured as it is: every variant is a change of it and is compared with it.",
    "known.expected": "• No prediction: this score is what predictions start from.",
    "known.scores": "• Known from elsewhere, under the protocol mad: an average of {average:.3f}. {scores}",
    "known.change": (
        "• Known against the template, under mad: {list} Another protocol has other levels, and the order may differ "
        "where its settings do. No prediction is registered for a known system."
    ),
    # kinds of change that a model is asked for
    "kind.refine": "a small change",
    "kind.combine": "two parents combined",
    "kind.simplify": "a simplification",
    "kind.leap": "a leap to another mechanism",
    "kind.aim": "a change for {task}",
    "kind.idea": "what a person wants",
    "note.kind": "Asked for: {kind}.",
    "note.idea": "A person's idea: {idea}",
    # what a model concludes from many results
    "synthesis.works": "What works",
    "synthesis.fails": "What does not work",
    "synthesis.untried": "What nobody tried",
}
