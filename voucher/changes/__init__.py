"""What changes for a carer while an award runs: more time or more to use, a death, a move, a mistake put right."""
