"""What the components need to draw themselves: colours of states, shares of a bar, drawn tiles, telephone links."""

import re

from django import template
from django.templatetags.static import static

register = template.Library()

# A state's colour is a help for the eye: the word always stands beside it.
STATE_COLOURS = {
    "waiting": {"requested", "countered", "unpaid", "prepared", "draft", "applied", "asked", "frozen", "suspended"},
    "good": {"confirmed", "released", "live", "active", "checked", "paid"},
    "done": {"delivered", "claimed", "settled"},
    "bad": {"problem", "refused", "failed"},
}
DRAWN = {
    "sitting",
    "wellbeing",
    "help-at-home",
    "garden-and-craft",
    "out-and-about",
    "hair-and-beauty",
    "learning",
    "overnight",
    "transport",
    "swim-and-sport",
    "day-opportunities",
    "food",
}


@register.filter
def state_colour(state):
    """Return the colour class of a state: waiting, good, done, bad, or past for whatever is over."""
    return next((colour for colour, states in STATE_COLOURS.items() if state in states | {colour}), "past")


@register.filter
def phone_link(number):
    """Return a telephone number as it stands in a tel: link."""
    return re.sub(r"[^\d+]", "", str(number))


@register.simple_tag
def tile(category):
    """Return the address of a category's drawn picture; one without its own gets the hills."""
    return static(f"tiles/{category if category in DRAWN else 'any'}.svg")


@register.simple_tag
def shares(*amounts):
    """Return for each amount where its piece of a bar 1000 wide begins and how wide it is.

    What is more than nothing stays visible: it gets at least 12, taken from the widest.
    """
    amounts = [max(amount or 0, 0) for amount in amounts]
    whole = sum(amounts)
    if not whole:
        return [{"x": 0, "width": 0} for _amount in amounts]
    widths = [max(1000 * amount // whole, 12) if amount else 0 for amount in amounts]
    widths[widths.index(max(widths))] += 1000 - sum(widths)
    pieces, x = [], 0
    for width in widths:
        pieces.append({"x": x, "width": width})
        x += width
    return pieces
