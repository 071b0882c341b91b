"""Scores of language models."""

SENTENCES = {
    "text.bits": "bits per byte, windows of {length:,}: {all}; on recalled bytes ({share:.0%} of them) {recalled}, "
    "on others {other} (± standard error over the seeds)",
    "text.positions": "bits per byte by position in the window: {list}",
    "text.means": "{seeds} seeds, learning rates chosen by validation: {rates}; {speed:,.0f} tokens a second in "
    "training on one core or GPU; text: {name} ({digest}), {files:,} files, {size:,} bytes, of which {held_out:,} "
    "are held out",
}
