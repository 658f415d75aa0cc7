"""The forms of people who work for a provider."""
