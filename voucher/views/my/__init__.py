"""The carer's own pages, below /my/."""
