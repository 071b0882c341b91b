"""What every room speaks of: runs, scores, texts in each language, reasons, errors, and where shipped files lie."""
