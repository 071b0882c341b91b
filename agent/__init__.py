"""An agent loop that discovers better DeltaNet token mixers by itself."""
