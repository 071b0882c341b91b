"""The processes that run a variant, what confines them, and the proof that it does."""
