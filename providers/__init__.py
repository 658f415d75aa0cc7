"""Who runs the breaks: organisations, their staff and their bank accounts."""
