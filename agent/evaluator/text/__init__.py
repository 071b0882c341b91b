"""Text as a source of examples: its files and which of them are held out, windows of it, and bits per byte."""
