"""What follows from the runs, computed without reading or writing a file: comparisons, noise, effects, claims."""
