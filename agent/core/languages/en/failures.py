"""English."""

# Key -> a sentence whose {fields} are filled in by agent/core/text.py, with format specifications such as {score:.3f}.
SENTENCES = {
    "failure.duplicate": "it computes what {twin} computes, number for number",
}
