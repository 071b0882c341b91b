"""English: whether what was confirmed holds at a greater length, with more pairs per byte, on text."""

SENTENCES = {
    "verify.no template": "verified, but not the template on the same seeds: no verdict",
    "verify.no length": "no verdict on length: the template learned none of the tasks that lengthen",
    "verify.length holds": (
        "holds at {times} times its length ({there:.3f} right there, {home:.3f} at home; against the template {gain} "
        "log-odds)"
    ),
    "verify.length lost": (
        "does not hold at {times} times its length ({there:.3f} right there, {home:.3f} at home; against the template "
        "{gain} log-odds)"
    ),
    "verify.length unclear": (
        "whether it holds at {times} times its length cannot be told ({there:.3f} right there, {home:.3f} at home; "
        "against the template {gain} log-odds)"
    ),
    "verify.at least": "at least {pairs}",
    "verify.pairs more": (
        "more pairs per byte: {ratio} times the template's ({held} pairs in {bytes:,} bytes, the template {theirs} in "
        "{their_bytes:,})"
    ),
    "verify.pairs fewer": (
        "fewer pairs per byte: {ratio} times the template's ({held} pairs in {bytes:,} bytes, the template {theirs} in "
        "{their_bytes:,})"
    ),
    "verify.pairs same": (
        "not more pairs per byte that could be told: {ratio} times the template's ({held} pairs in {bytes:,} bytes, "
        "the template {theirs} in {their_bytes:,})"
    ),
    "verify.pairs none": (
        "no more pairs per byte: it holds not even {fewest} pairs ({held} in {bytes:,} bytes, the template {theirs} in "
        "{their_bytes:,})"
    ),
    "verify.pairs all": (
        "whether it holds more pairs per byte cannot be told, as the template holds all that were asked for ({held} "
        "pairs in {bytes:,} bytes, the template {theirs} in {their_bytes:,})"
    ),
    "verify.bits fewer": "fewer bits per byte: {mine:.3f}, the template {theirs:.3f}, {difference}{recalled}",
    "verify.bits more": "more bits per byte: {mine:.3f}, the template {theirs:.3f}, {difference}{recalled}",
    "verify.bits same": (
        "not fewer bits per byte that could be told: {mine:.3f}, the template {theirs:.3f}, {difference}{recalled}"
    ),
    "verify.recalled fewer": ", fewer on recalled bytes, {difference}",
    "verify.recalled more": ", more on recalled bytes, {difference}",
    "verify.recalled same": ", not fewer on recalled bytes that could be told, {difference}",
}
