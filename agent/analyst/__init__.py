"""What came of a run: facts, and the note that tells them."""
