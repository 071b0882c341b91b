"""The network around the op and the training of many replicas at once."""
