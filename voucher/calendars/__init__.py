"""What takes a place and when, and calendars of it."""
