"""Whole numbers as a browser sends them: digits that can be a row, a page or a sum, and nothing else."""

# A row's number has fewer digits than this; Python reads none of thousands of them.
DIGITS_MOST = 18


def whole(text, digits_most=DIGITS_MOST):
    """Return the number that the text says in at most so many plain digits, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits_most else None
