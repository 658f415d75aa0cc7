"""Draws where the breaks of an edition are: towns as dots at their true positions, one map a region."""

import math
from dataclasses import dataclass
from itertools import groupby

# The drawing's own units are millimetres on the page.
WIDTH, HEIGHT, MARGIN = 174, 104, 16
LINE = 4.6


@dataclass
class Dot:
    """A town or a few that share a postcode district, with the number of offers there."""

    left: float
    top: float
    names: str
    count: int
    label_top: float = 0.0
    on_the_left: bool = False

    @property
    def right(self):
        """How far the dot is from the right edge."""
        return round(WIDTH - self.left, 1)


@dataclass
class Map:
    """One region's map: its counties' names and its dots."""

    name: str
    counties: list
    dots: list


def maps(offers, counties, language):
    """Return a Map for each region that has offers with a known position; `offers` are printing.PrintedOffer."""
    regions = {county[f"name_{language}"]: county["region"] for county in counties}
    placed = sorted((offer for offer in offers if offer.centre), key=lambda offer: regions[offer.county])
    found = []
    for _region, group in groupby(placed, key=lambda offer: regions[offer.county]):
        group = list(group)
        names = sorted({offer.county for offer in group})
        found.append(Map(f"ground{len(found)}", names, _dots(group)))
    return found


def _dots(offers):
    by_district = {}
    for offer in offers:
        by_district.setdefault(offer.district, []).append(offer)
    scale, west, north, indent = _fit([group[0].centre for group in by_district.values()])
    dots = []
    for group in by_district.values():
        latitude, longitude = group[0].centre
        left = indent + (longitude - west) * scale * math.cos(math.radians(north))
        top = MARGIN + (north - latitude) * scale
        dots.append(Dot(round(left, 1), round(top, 1), ", ".join(sorted({offer.town for offer in group})), len(group)))
    return _without_collisions(dots)


def _fit(centres):
    latitudes, longitudes = [centre[0] for centre in centres], [centre[1] for centre in centres]
    north, west = max(latitudes), min(longitudes)
    across = (max(longitudes) - west) * math.cos(math.radians(north)) or 0.01
    down = north - min(latitudes) or 0.01
    scale = min((WIDTH - 2 * MARGIN - 26) / across, (HEIGHT - 2 * MARGIN) / down)
    # In the middle, with room for the words to the right of the easternmost town.
    return scale, west, north, (WIDTH - across * scale) / 2 - 10


def _without_collisions(dots):
    """Give every label a line of its own: to the left where a town stands close to the right, else moved down."""
    placed = []
    for dot in sorted(dots, key=lambda dot: dot.top):
        neighbours = [other for other in dots if 0 < other.left - dot.left < _width(dot)]
        dot.on_the_left = any(abs(other.top - dot.top) < LINE for other in neighbours)
        dot.label_top = dot.top - LINE / 2
        while any(_touch(dot, other) for other in placed):
            dot.label_top = round(dot.label_top + LINE / 2, 1)
        placed.append(dot)
    return placed


def _width(dot):
    return 8 + 1.75 * len(dot.names)


def _touch(one, other):
    (start, end), (other_start, other_end) = [
        (dot.left - _width(dot), dot.left) if dot.on_the_left else (dot.left, dot.left + _width(dot))
        for dot in (one, other)
    ]
    return abs(one.label_top - other.label_top) < LINE and start < other_end and other_start < end


def ground(area):
    """Return the SVG of a map's ground: land around its towns, and a dot at each; the words are set on the page."""
    dots = area.dots
    lines = [
        f'<path d="M{one.left} {one.top} L{other.left} {other.top}"/>'
        for one in dots
        for other in sorted(dots, key=lambda other: math.hypot(one.left - other.left, one.top - other.top))[1:3]
    ]
    land = "".join(f'<circle cx="{dot.left}" cy="{dot.top}" r="15"/>' for dot in dots)
    points = "".join(
        f'<circle cx="{dot.left}" cy="{dot.top}" r="1.3"/><path stroke="#5a2350" stroke-width=".25" '
        f'd="M{dot.left} {dot.top} L{dot.left + (-2 if dot.on_the_left else 2)} {dot.label_top + LINE / 2}"/>'
        for dot in dots
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}mm" height="{HEIGHT}mm">'
        f'<g fill="#dcebd3" stroke="#dcebd3" stroke-width="30" stroke-linecap="round">{"".join(lines)}</g>'
        f'<g fill="#dcebd3">{land}</g><g fill="#5a2350">{points}</g></svg>'
    ).encode()
