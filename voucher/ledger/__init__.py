"""The books: what was set aside, spent, given back and paid. It knows amounts, not people."""
