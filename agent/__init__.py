"""An agent loop that discovers better DeltaNet token mixers by itself."""

__version__ = "0.1.0"  # pyproject.toml reads it here; CHANGELOG.md says what each version brought
