"""A local copy made ready to look at: its people, and what each of them is in the middle of.

`people` makes them and lets each other module tell its part once, through the verbs of the scheme and with moments
of the last weeks, so that books, history and letter box read as they would for real.
"""
