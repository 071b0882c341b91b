"""English: what a whole variant achieved, on the axes that a search looks along."""

SENTENCES = {
    # what it did to memory and to learnability, once its gain as a whole is told from nothing
    "objective.up up": "better memory, learns faster",
    "objective.up same": "better memory",
    "objective.up down": "better memory, learns slower",
    "objective.up none": "better memory",
    "objective.same up": "learns faster, memory kept",
    "objective.same down": "learns slower, memory kept",
    "objective.down up": "learns faster, memory lost",
    "objective.down same": "worse memory",
    "objective.down down": "worse memory, learns slower",
    "objective.down none": "worse memory",
    "objective.none up": "learns faster",
    "objective.none down": "learns slower",
    "objective.better together": "better, by both axes together",
    "objective.worse together": "worse, by both axes together",
    "objective.indistinguishable": "cannot be told apart",
    "objective.larger": "{outcome}; takes more than the budget allows",
    "objective.lost": "{outcome}; surely below the floor on {list}",
    # its numbers: log-odds mean little alone, so the average stands beside them
    "objective.numbers": "{axes}; average {average}",
    "objective.axes": "memory {memory}, learnability {learnability} log-odds",
    "objective.memory": "memory {memory} log-odds",
    "objective.learnability": "learnability {learnability} log-odds",
    "objective.number": "{value} (95%: {low} to {high})",
    "objective.probable": "{gain} log-odds, {average} of the average",
    "verdict.mixed": "gains in one thing and loses in another",
    # mixers without memory, beside which every score is read
    "objective.controls": "Controls, mixers without any memory, under this protocol: {list}",
    "objective.control": "{name} {average:.3f} ({outcome})",
    # what verdicts are told by
    "objective.judged on": (
        "A task's verdict is told by the plain fraction of right answers, in log-odds. The score shown is the older "
        "table's, which one stray answer can cost more than most differences. So a verdict may differ from the sign of "
        "the difference shown."
    ),
    "objective.balanced": (
        "A variant's verdict is the mean of two gains in log-odds: of memory (recall and copying, also at 8 times the "
        "length) and of learnability (Memorize, Compress). What loses memory, or is surely more than .02 below the "
        "template on a task, is never the best."
    ),
    "objective.memory alone": (
        "A variant's verdict is its gain of memory in log-odds (recall and copying, also at 8 times the length). "
        "What is surely more than .02 below the template on a task is never the best."
    ),
    "objective.average": "A variant's verdict is told by the average of the six tasks, as the older table has it.",
}
