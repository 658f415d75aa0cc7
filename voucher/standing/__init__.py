"""How a provider stands with the council: it joins, offers, proves itself, is stopped, closes."""
