"""Chinese."""

# The same keys as in en.py, which says what a sentence may hold.
SENTENCES = {
    "failure.duplicate": "其计算结果与 {twin} 逐数相同",
}
