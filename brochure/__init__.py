"""What is on offer: categories, offers and their prices, availability, printed editions."""
