"""The colours of the categories, the same on screen and on paper: a flat tint, a middle tone, and a dark ink."""

import json
from pathlib import Path

# A file of figures rather than code, because the site's styles are built from it too.
CATEGORY_COLOURS = json.loads(Path(__file__).with_name("colours.json").read_text(encoding="utf-8"))
# For a category that a council adds: the colours of the hills.
OTHER = {"tint": "#ece7df", "mid": "#b3a794", "ink": "#463c2c"}


def colours_of(slug):
    """Return {"tint", "mid", "ink"} of a category; text in ink on tint or on white keeps contrast 4.5 : 1 and more."""
    return CATEGORY_COLOURS.get(slug, OTHER)
