"""English: the report's pages."""

SENTENCES = {
    # what surrounds every page
    "page.skip": "Skip to the content",
    "page.morning": "Morning",
    "page.lineage": "Lineage",
    "page.compare": "Compare",
    "page.ideas": "Ideas",
    "page.older": "Imported notes",
    "page.pages": "Pages",
    "page.language": "Language",
    "page.theme": "Light or dark",
    "page.no script": "Sorting, the switches and comparing need JavaScript; everything else is here without it.",
    "page.colon": ": ",
    "page.comma": ", ",
    # the morning page
    "page.good morning": "Good morning",
    "page.tried": "Tried",
    "page.kept": "Kept",
    "page.failed": "Failed",
    "page.what is kept": "measured above the template beyond the noise, which confirms none of them",
    "page.best": "Best",
    "page.stopped": "Stopped",
    "page.worth reading": "Most worth reading",
    "page.nothing to read": "Nothing was trained in this search.",
    "page.progress": "How it went",
    "page.by evaluations": "by evaluations",
    "page.by hours": "by hours of training",
    "page.axis": "Axis",
    "page.evaluations": "evaluations",
    "page.hours": "hours of training",
    "page.average score": "average score",
    "page.progress caption": (
        "The average of the best so far by the objective, and of every variant that was tried. The band around the "
        "template is 95 percent of its noise."
    ),
    "page.best so far": "best so far",
    "page.above": "above the template",
    "page.inside": "not above it",
    "page.template": "the template",
    "page.failed one": "failed",
    "page.stopped early": "stopped after a leg",
    "page.why it was stopped": "Why it was stopped",
    "page.all results": "All results",
    "page.board caption": (
        "In the order of the objective; what may not win stands behind. Scores with 95 percent of their noise to "
        "both sides. Colour shows a difference beyond the noise from what they are compared with; what is left white "
        "cannot be told from it."
    ),
    "page.sort hint": "A heading sorts by its column.",
    "page.variant": "variant",
    "page.average": "average",
    "page.against the template": "against the template",
    "page.minutes": "min",
    "page.show all": "Show all",
    "page.find": "Find a variant",
    "page.find hint": (
        "Finds words of names, titles, moves, verdicts and reasons. The address keeps what you find and sort by."
    ),
    "page.found": "found",
    "page.basis": "Compared with",
    "page.basis parent": "its parent",
    "page.basis best": "the best",
    "page.against the best": "against the best",
    "page.steps": "Steps",
    "page.path": "How the best came about",
    "page.path caption": (
        "From the variant without a parent to the best, a step each: the difference from the step before, between what "
        "it lies with 95 percent, and the same by task, coloured where it is beyond the noise."
    ),
    "page.earlier steps": "Earlier steps",
    "page.lanes": "Where the hours went",
    "page.lanes caption": (
        "What the search did when, by the clock of this machine. While it trains, a language model may already "
        "write the next proposal."
    ),
    "page.lane": "doing",
    "page.lane time": "time",
    "page.lane share": "share",
    "page.lane cost": "dollars",
    "page.lane proposing": "proposing",
    "page.lane checking": "checking",
    "page.lane training": "training",
    "page.lane writing notes": "writing notes",
    "page.lane idle": "idle",
    "page.lane not recorded": "not recorded",
    "page.lane measuring": "measuring the noise",
    "page.lane confirming": "confirming",
    "page.lane verifying": "verifying",
    "page.lanes legs": "Each place has a lane of its own; a mark shows where a later leg of a row begins.",
    "page.lane faint": "stopped after a leg, or lost with its place",
    "page.place": "place",
    "page.busy": "busy",
    "page.copy": "Copy",
    "page.copied": "Copied",
    "page.copy name": "Copy the name",
    "page.copy file": "Copy the file",
    "page.file": "file",
    "page.copy path": "Copy the path",
    "page.confirm": "to confirm it",
    "page.on fresh seeds": "on fresh seeds",
    "page.winner": "a winner on fresh seeds",
    "page.winner row": "Winner",
    "page.not confirmed": "not confirmed",
    "page.confirmed by none": "not confirmed: no seeds but those that it was chosen by",
    "page.expectation": "What is expected of it",
    "page.expectation caption": (
        "Each task's predicted score beside its parent's. The noise is how far another score must lie from the "
        "parent's to be told from it."
    ),
    "page.no prediction": "Nothing was predicted.",
    "page.to decide": "Approve, edit or reject it with",
    "page.parent": "parent",
    "page.change": "change",
    "page.will take": "about as long as its parent took:",
    "page.copy command": "Copy the command",
    "page.save": "Save the figure as",
    "page.much worse": "worse",
    "page.noise": "noise",
    "page.much better": "better",
    "page.nothing yet": "Nothing was tried here yet. Begin with",
    # verdicts and states
    "page.better": "better",
    "page.worse": "worse",
    "page.indistinguishable": "indistinguishable",
    "page.mixed": "gains and loses",
    "page.larger": "larger: ahead, but takes more than the budget allows",
    "page.unjudged": "not judged: its noise is not known",
    "page.is template": "the template itself",
    "page.baseline": "known system",
    "page.waiting": "waiting",
    "page.rejected": "rejected",
    "page.rejected everywhere": "rejected everywhere",
    # the page of a variant
    "page.by": "by",
    "page.edited": "edited by",
    "page.from": "from",
    "page.no parent": "no parent",
    "page.catalogue": "the catalogue",
    "page.a person": "a person",
    "page.the search": "the search",
    "page.note": "The note",
    "page.before": "Written before training",
    "page.after": "Written after it",
    "page.reviewed": "Review",
    "page.approved": "approved",
    "page.why it failed": "Why there is no score",
    "page.said": "In the evaluator's own words",
    "page.log": "The end of its log",
    "page.scores": "Predicted and measured",
    "page.scores caption": (
        "Each task's score with 95 percent of its noise to both sides. On the line, the dot is the score within "
        "that noise, the open diamond what was predicted, the tick the template."
    ),
    "page.task": "task",
    "page.predicted": "predicted",
    "page.measured": "measured",
    "page.hit": "hit",
    "page.missed": "missed",
    "page.against the parent": "against the parent",
    "page.0 to 1": "0 to 1",
    "page.settings": "By difficulty setting",
    "page.settings caption": (
        "The mean over seeds with their standard deviation, and how training ended. V is the vocabulary, L "
        "the length of a sequence, n the number of training examples."
    ),
    "page.setting": "setting",
    "page.seeds": "seeds",
    "page.deviation": "deviation",
    "page.ending": "ended",
    "page.finished": "all its steps",
    "page.solved": "solved",
    "page.cut": "cut",
    "page.left": "left early, far behind: a lower bound",
    "page.diverged": "diverged",
    "page.curves": "Learning curves",
    "page.curves caption": (
        "Accuracy on unseen examples over the course of training: the mean over settings and seeds, each of "
        "them faint behind it, and the template dashed."
    ),
    "page.code": "The code",
    "page.against parent": "Change against its parent",
    "page.against template": "Change against the template",
    "page.no change": "No difference.",
    "page.whole file": "The whole file",
    "page.facts": "What is needed to repeat it",
    "page.run": "run",
    "page.probes": "probes",
    "page.probes passed": (
        "passed: deterministic, stateless, causal, independent of its batch, streaming, linear in time, true gradients"
    ),
    "page.probes not passed": "not passed, or not reached",
    "page.isolation": "isolation",
    "page.device": "device",
    "page.versions": "versions",
    "page.protocol": "protocol",
    "page.test seed": "test seed",
    "page.parameters": "parameters",
    "page.state bytes": "bytes in the state",
    "page.flops": "operations a token",
    "page.state size": "numbers in the state",
    "page.speed": "speed of the op, the template's being 1",
    "page.time": "time to evaluate",
    "page.cost": "cost of the model",
    "page.moves": "moves",
    "page.next": "Tried next from it",
    "page.nothing next": "Nothing was tried from it yet.",
    "page.compare with": "Compare with",
    "page.its parent": "its parent",
    # lineage
    "page.lineage caption": (
        "Every variant by the time of its score and its average; a line leads from each to what was made of "
        "it, dashed from a second parent."
    ),
    "page.tree": "The tree",
    "page.tree hint": "Arrow keys move, left and right fold and unfold, Enter opens.",
    "page.also from": "also from",
    # compare
    "page.compare caption": (
        "Up to five variants: how the others differ from the first, and what differs in the code."
    ),
    "page.add variant": "Add a variant",
    "page.no such variant": "No variant has this name; choose one of the list.",
    "page.compare with this": "Compare with this",
    "page.remove": "Remove",
    "page.scores compared": "Scores",
    "page.compared curves caption": (
        "Accuracy on unseen examples over the course of training: the mean over settings and seeds."
    ),
    "page.settings compared caption": (
        "The mean over seeds of each difficulty setting, and the differences from the first."
    ),
    "page.far": "not judged here: more than 300 scored variants lie between them",
    "page.difference": "difference",
    "page.no score": "One of them has no score.",
    "page.code changes": "What differs in the code",
    # ideas
    "page.ideas caption": (
        "What each move does to the average, estimated from all runs at once with 95 percent of its "
        "uncertainty. An open dot is not certain yet."
    ),
    "page.move": "move",
    "page.effect": "effect on the average",
    "page.runs": "runs",
    "page.by task": "By task",
    "page.by task caption": "The estimated effect of each move on each task. What is not certain is left white.",
    "page.untried": "Not tried yet",
    "page.expected": "expected by its author",
    "page.best with it": "best with it",
    "page.calibration": "How good the predictions are",
    "page.calibration caption": (
        "Each prediction: the change expected of a task against the change measured. On the diagonal a "
        "prediction is right; in the shaded quarters it had the direction wrong."
    ),
    "page.predicted change": "predicted change",
    "page.measured change": "measured change",
    "page.hits": "hits",
    "page.prediction": "prediction",
    "page.bias": "measured − predicted",
    "page.error": "mean absolute error",
    "page.error of no change": "of no change",
    "page.skill": "skill",
    "page.skill caption": (
        "Of no change is the error of predicting the parent's score for every task. Skill is the share of it that the "
        "predictions save: 1 is perfect, 0 is no better than predicting no change, below 0 is worse."
    ),
    "page.mechanisms": "By what the code holds",
    "page.mechanism": "mechanism",
    "page.mechanisms caption": (
        "The same for mechanisms that are recognised in the code of every scored variant, a model's and a person's too."
    ),
    "page.all tasks": "all tasks",
    "page.no predictions": "No prediction has met its score yet.",
    "page.no moves": "No move was measured yet.",
    # what a search is doing just now
    "page.starting": "starting",
    "page.proposing": "proposing",
    "page.checking": "checking",
    "page.training": "training",
    "page.analysing": "analysing",
    "page.confirming": "confirming",
    "page.verifying": "verifying",
    "page.measuring the noise with": "measuring the noise with",
    "page.paused": "paused",
    "page.waiting for a decision": "waiting for a decision",
    # older notes
    "page.older caption": "Notes and tables that were imported, as they were written.",
    # what a run showed beyond its row
    "page.verified": "Verified",
    "page.beyond": "Beyond its row",
    "page.lengths": "Accuracy against length",
    "page.lengths caption": (
        "The fraction right on sequences of several times the length, by the same weights, untrained on it; the "
        "template dashed. A bar says between what it lies against the template, 95 percent, in pairs of seeds."
    ),
    "page.lengths fresh": "From its verification, on seeds that no choice ever saw.",
    "page.lengths of row": "From its own row.",
    "page.pairs": "How many pairs it holds",
    "page.pairs caption": (
        "The fraction right of so many distinct pairs, by one training and one state; the template dashed, a bar as "
        "above."
    ),
    "page.beside caption": (
        "The fraction right, the template's below it, and the difference in log-odds with 95 percent to both sides."
    ),
    "page.pairs shown": "pairs",
    "page.pairs held": "pairs held at 0.9",
    "page.pairs per kib": "for each KiB of state",
}
