"""Awards: granted, changed, closed, written on paper and stated line by line."""
