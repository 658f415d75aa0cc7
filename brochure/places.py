"""Where things are: postcode districts, and how far one is from another as the crow flies."""

import math
import re

from brochure.models import PostcodeDistrict

_DISTRICT = r"([A-Z]{1,2}[0-9][0-9A-Z]?)"
EARTH_MILES = 3958.8


class PlaceNotKnown(ValueError):
    """Not a postcode, or one whose district we have no position for."""


def district(postcode):
    """Return the district of a whole postcode or of a district alone: "cf81 8sd" gives "CF81". Raises PlaceNotKnown."""
    text = re.sub(r"\s+", "", postcode).upper()
    # The inward half always has three characters, so a whole postcode is split before a lone district.
    whole = re.fullmatch(_DISTRICT + r"[0-9][A-Z]{2}", text)
    alone = re.fullmatch(_DISTRICT, text)
    if not (whole or alone):
        raise PlaceNotKnown(postcode)
    return (whole or alone)[1]


def centres(districts):
    """Return {district: (latitude, longitude)} of those we know, in one query."""
    rows = PostcodeDistrict.objects.filter(district__in=districts)
    return {row.district: (row.latitude, row.longitude) for row in rows}


def miles(start, end):
    """Return the distance between two (latitude, longitude) points, in miles over the ground."""
    (lat1, lon1), (lat2, lon2) = [tuple(map(math.radians, point)) for point in (start, end)]
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_MILES * math.asin(math.sqrt(half))
