"""Claiming: what a provider says it gave, what was found wrong with it, and when it is paid."""
