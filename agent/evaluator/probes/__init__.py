"""Questions that tell an honest op from one that looks ahead, remembers or bends its gradient."""
