"""English: why a variant goes no further after a leg of its row."""

SENTENCES = {
    "stopped.log_odds": (
        "after leg {legs} of its row it stands at {gain:+.2f} log-odds against {best}, the best so far, on the same "
        "seeds: the chance that it is better is {chance:.1%}, and below {least:.0%} no further leg is trained"
    ),
    "stopped.accuracy": (
        "after leg {legs} of its row it stands at {gain:+.3f} against the average of {best}, the best so far, on the "
        "same seeds: the chance that it is better is {chance:.1%}, and below {least:.0%} no further leg is trained"
    ),
}
