"""A workspace on the disk: runs/, results.csv, the lineage in git, notes of older systems, status."""
