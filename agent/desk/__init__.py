"""The desk: where a person reads each proposal, and approves, edits or rejects it."""
