"""The pages of people who work for a provider."""
