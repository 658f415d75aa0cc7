"""The pages: one module an audience, or a part of one where it has many."""
