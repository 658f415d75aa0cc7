"""Carers: their accounts, who acts for them, what is held about them, what they missed, what did them good."""
