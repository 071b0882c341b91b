"""The verbs of the command line, by what they are for. Each calls what does the work and prints what came of it."""
