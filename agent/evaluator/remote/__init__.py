"""Prediction as a remote procedure: the network runs where no line of a variant does, and its op in a process alone."""
