"""From a variant's file to its score card: read, probed, trained and tested, in a jail."""
