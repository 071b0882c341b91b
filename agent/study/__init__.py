"""The known variants measured by ourselves, piece by piece, and laid beside their known scores.

`pieces` says what is still to be trained and in which order, `measuring` trains it, `rows` keeps what came of it in
baselines/measured/, and `page` makes docs/seed_table.md out of that.
"""
