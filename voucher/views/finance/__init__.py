"""The pages of council finance, below /finance/."""
