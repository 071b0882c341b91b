"""English: why a search ended, which its page and its last line say."""

SENTENCES = {
    "stop.by you": "you stopped it",
    "stop.in a step": "you stopped it in the middle of a step",
    "stop.desk left": "you left the desk",
    "stop.error": "of an error: {error}",
    "stop.failures": "{count} run in a row failed|{count} runs in a row failed",
    "stop.runs": "its run is done|its {count} runs are done",
    "stop.minutes": "its time is over ({minutes:.3g} min)",
    "stop.hours": "its time is over ({hours:g} h)",
    "stop.money": "the model's next call could exceed the {limit:g} dollars",
    "stop.nothing left": "nothing is left to propose",
    "stop.approved trained": "what was approved is trained",
    "stop.asked": "you asked it to stop after its run",
    "stop.none": "there was no search yet",
    "stop.running": "it is still running",
    "stop.cut off": "it was cut off and could not say why: killed, or the power went",
    "queue.nothing came": "nothing came of it: it was tried, or fits no scored variant",
    # what may be claimed of the best
    "confirm.winner": "a winner, {outcome}: {numbers} against the template on fresh seeds",
    "confirm.failed": "not confirmed on fresh seeds, {outcome}: {numbers} against the template",
    "confirm.best of": (
        "best of {count}, not confirmed on fresh seeds; probably {margin} against the template|"
        "best of {count}, not confirmed on fresh seeds; probably {margin} against the template"
    ),
    "confirm.known": "a known variant",
    "confirm.known on fresh seeds": "a known variant, on fresh seeds {outcome}: {numbers} against the template",
    "confirm.gone": "the run is gone",
    "confirm.trouble": "it could not be trained on fresh seeds: {reason}",
    # the first minutes
    "opening.first proposal": (
        "a first proposal is trained right behind the template; behind it come the other known variants: {list}; "
        "{meanwhile}"
    ),
    "opening.measured": "until then their scores as measured beforehand stand in for them: {list}",
    "opening.nothing measured": "until then nothing stands in for them: under this protocol they were never measured",
    # places to evaluate at
    "place.closed": "{place} is closed: what it was given was lost {count} times in a row there ({error})",
    "place.refused": "{place} is not used: {error}",
    "place.left": "{place} is gone with its node",
}
