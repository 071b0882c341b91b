"""English: how parts of sentences are put together, counts, and names that several rooms say."""

SENTENCES = {
    # lists
    "list.comma": ", ",
    "list.semicolon": "; ",
    "list.clause": ", ",
    "list.space": " ",
    "list.sentence": "{list}.",
    "list.nothing": "nothing",
    "list.label": "{label}: {value}",
    "list.same": "{value}",
    "list.bullet": "• {line}",
    # counts
    "count.runs": "{count} run|{count} runs",
    # the average of the tasks, in its place among their names
    "average": "Average",
    # how a difference stands to its noise
    "verdict.better": "better",
    "verdict.worse": "worse",
    "verdict.indistinguishable": "indistinguishable",
    "verdict.larger": "larger: ahead, but takes more than the budget allows",
    "verdict.unjudged": "not judged: the noise is not known",
    # what a list of scores says
    "scores.solved and room": "Solved: {solved} Room is left on {room}",
    # sections of a note
    "section.observations": "Key Observations from Experiment Results",
    "section.issues": "Specific Code Issues Identified",
    "section.reasoning": "Technical Reasoning for Proposed Change",
    "section.expected": "Expected Improvements",
    "section.outcome": "Outcome against Expectation",
    "section.lessons": "Lessons from Historical Attempts",
    "section.empty": "Nothing was written.",
}
