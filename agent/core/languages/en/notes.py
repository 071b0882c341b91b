"""English: what a note says of a run that is over."""

SENTENCES = {
    # how the run stands
    "note.new best": "A new best, better than {name} beyond the noise: an average of {average:.3f}.",
    "note.rank": (
        "Average {average:.3f}; by the objective rank {rank} of {count} scored variant.|"
        "Average {average:.3f}; by the objective rank {rank} of {count} scored variants."
    ),
    "note.outcome": "{outcome} ({axes}); ",
    "note.against": "Against {name}: {won}{difference} on the average, {verdict}{sure}. {tasks}",
    "note.sure": " ({confidence})",
    "note.no task differs": "No single task differs beyond the noise.",
    "note.tasks better": "Up: {list}",
    "note.tasks worse": "Down: {list}",
    "note.tasks indistinguishable": "Within the noise: {list}",
    "note.tasks larger": "Up, with more than the budget allows: {list}",
    "note.tasks unjudged": "Of unknown noise: {list}",
    "note.noise unknown": (
        "Noise: how large that of an average is here is not known. A setting was trained with one seed, and its noise "
        "was never measured. Two averages cannot be told apart until it is."
    ),
    "note.noise": "Noise: two averages like this one must differ by about {needed:.3f} to be told apart.",
    "note.pairs": (
        "It is compared with the template seed by seed: what the seeds have in common cancels, {percent}% of the "
        "variance of the difference."
    ),
    "note.noise of settings": (
        "Standard deviation of one seed: {most:.3f} on {loudest}, the noisiest, and {least:.3f} on {quietest}."
    ),
    "note.learning": "How it learned, each seed's score first: {list}.",
    "note.further": "Beside the table: {list}",
    "note.longer": "On sequences {times} times as long, by the same weights, the fraction correct is: {list}",
    "note.local apart": (
        "Without {task} the average of the other tasks differs from the template's by {others}. {task} needs the token "
        "before alone, so its gain may come from initialisation or smoothing and not from a better memory."
    ),
    "note.cost": (
        "Cost: {speed:.2f} of the template op's speed, {parameters:+,} parameters, {state:.2f} of its state."
    ),
    # predictions
    "note.registered": (
        "Registered before training: an average of {predicted:.3f}; it came to {measured:.3f} ({off}). {judged}"
    ),
    "note.nothing judged": "Without the noise no prediction can be called right or wrong:",
    "note.judged": (
        "{hit} of {count} task came within the noise of the prediction{unknown}:|"
        "{hit} of {count} tasks came within the noise of the prediction{unknown}:"
    ),
    "note.not judged": ", {unknown} cannot be judged",
    "note.prediction": "{task}: predicted {predicted:.3f}, measured {measured}: {result}{way}",
    "note.hit": "hit",
    "note.missed": "missed, {off}",
    "note.too low": "{far:.3f} too low",
    "note.too high": "{far:.3f} too high",
    "note.as foreseen": ", in the direction foreseen",
    "note.against what was foreseen": ", against the direction foreseen",
    "note.calibration": "Predictions so far: {hits}; on average they were off by {bias}.",
    "note.hits": "{hits} of {judged} hit",
    "note.hits unknown": ", {unknown} cannot be judged without the noise",
    "note.worst bias": "Their largest bias is on {task}: measured minus predicted is {bias} on average.",
    # moves
    "note.interplay": (
        "By the other runs its moves add up to {expected} on the average; together they do {measured}: {way}."
    ),
    "note.interplay same": "the same within the noise",
    "note.interplay more": "more than their sum: they help each other",
    "note.interplay less": "less than their sum: they get in each other's way",
    "note.effect": "{name}: {effect} on the average, from {runs}; {sure}.",
    "note.effect certain": "beyond the noise",
    "note.effect not certain": "not certain yet",
    "note.effect unmeasured": "the noise was never measured",
    # failures and siblings
    "note.stopped": "No row: {reason}.",
    "note.part": (
        "What follows is of its first leg alone, in pairs with the same seeds of the others; the errors allow for the "
        "settings that it was not trained on.|"
        "What follows is of its first {count} legs alone, in pairs with the same seeds of the others; the errors allow "
        "for the settings that it was not trained on."
    ),
    "note.failure": "No score: {kind}. {reason}",
    "note.similar failures": "Earlier failures of this kind: {failures}, the latest: {list}",
    "note.siblings": "Also tried from {parent}: {siblings}, of which {failed} failed; the best: {best}",
    "note.nothing to learn": "Nothing was tried before that could teach anything.",
    # what a language model said of it
    "note.model says": "{model} on this:",
    "note.model unused": "• {model}'s analysis is not used ({why}); this is the built-in analyst's.",
    "note.model gap": "(The model wrote nothing in English here.)",
    # next steps
    "next.after stop": "Next: leave this change, or make it together with one that makes up for what it lost.",
    "next.after failure": "Next: {step}.",
    "next.refused": "say the same idea without what the check names",
    "next.duplicate": "change what is computed, not how it is written",
    "next.crash": "repair the line that is named: the idea was not tried yet",
    "next.timeout": "find a cheaper form: fewer steps a chunk, no loop over tokens",
    "next.out of memory": "keep less a token: work chunk by chunk",
    "next.wrong shape": "keep o like v, and a state that does not grow",
    "next.diverged": "bound what grows: normalise it, or scale the step",
    "next.interrupted": "nothing is known of the idea: try it again",
    "next.unusable reply": (
        "look at transcript.jsonl: a larger model, or more reply_tokens, may write what can be used"
    ),
    "next.better": "Next: go on from here, and confirm the gain under a longer protocol before it is believed.",
    "next.mixed": (
        "Next: keep what it gains and win back what it loses: what loses memory, or falls below the floor of a task, "
        "is never the best."
    ),
    "next.larger": "Next: say the same idea with less: what takes more than the budget allows is never the best.",
    "next.worse": "Next: do not go on from here as it is.",
    "next.measure": (
        "Next: measure the noise. A search does so by itself where it has the time for it; by hand it is {command}. "
        "Whether {apart} is real or chance nobody can say before."
    ),
    "next.too small": "Next: whatever this change does is too small to see here; look elsewhere.",
    "next.more seeds": ("Next: {times} times as many seeds would tell whether a difference of this size is real."),
    "next.adds most": "Of the measured moves that it lacks, {move} adds most: {effect} on the average.",
    "next.costs most": "Of the moves that it holds, {move} seems to cost: {effect}; try it without.",
    "next.weakest unled": (
        "Most room is left on {task}, {score:.3f}; no variant is known to be ahead of it there beyond the noise."
    ),
    "next.weakest": (
        "Most room is left on {task}, {score:.3f}; {leader} has {theirs:.3f} there: see what its code does."
    ),
}
