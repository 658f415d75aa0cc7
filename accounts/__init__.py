"""People, sign-in, roles, councils, language, mail and history."""
