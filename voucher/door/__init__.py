"""At a provider's door: a code that is checked, a break without booking, a paper list entered afterwards."""
