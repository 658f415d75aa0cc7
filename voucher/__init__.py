"""The money and the site itself: awards, codes, bookings, claims, settlement, pages."""
