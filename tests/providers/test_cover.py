"""Papers one after another: until when they cover, and where nothing does between them."""

import datetime as dt
from types import SimpleNamespace

import pytest

from providers import cover
from providers.cover import Span

TODAY = dt.date(2027, 2, 10)
NEW_YEAR, MARCH_31, APRIL_1 = dt.date(2027, 1, 1), dt.date(2027, 3, 31), dt.date(2027, 4, 1)
APRIL_12, NEXT_YEAR = dt.date(2027, 4, 12), dt.date(2028, 3, 31)


def covered(*papers, known=None):
    """Return the Cover of papers, each (first day, last day), in the order in which they were accepted."""
    rows = [
        SimpleNamespace(pk=pk, seen_at=pk, valid_from=first, valid_until=last)
        for pk, (first, last) in enumerate(papers)
    ]
    return cover.of_papers(rows, known_until=known)


@pytest.mark.parametrize(
    ("papers", "until", "gap"),
    [
        ([(NEW_YEAR, MARCH_31), (APRIL_1, NEXT_YEAR)], NEXT_YEAR, None),
        ([(NEW_YEAR, MARCH_31), (APRIL_12, NEXT_YEAR)], MARCH_31, Span(APRIL_1, dt.date(2027, 4, 11))),
        ([(NEW_YEAR, MARCH_31), (dt.date(2027, 4, 2), None)], MARCH_31, Span(APRIL_1, APRIL_1)),
        # From its first day on the newer counts alone, also where the one before would have lasted longer.
        ([(None, NEXT_YEAR), (APRIL_1, APRIL_12)], APRIL_12, None),
        # One without a first day takes the place of what was there.
        ([(NEW_YEAR, NEXT_YEAR), (None, MARCH_31)], MARCH_31, None),
        ([(NEW_YEAR, None)], None, None),
        # Nothing has begun, and nothing was there before: it is no gap, and hides nothing.
        ([(APRIL_1, NEXT_YEAR)], None, None),
        # What ended before counts as ended until the next begins.
        ([(None, NEW_YEAR), (APRIL_1, NEXT_YEAR)], NEW_YEAR, Span(dt.date(2027, 1, 2), MARCH_31)),
        # One that fills the gap is accepted last.
        ([(NEW_YEAR, MARCH_31), (APRIL_12, NEXT_YEAR), (APRIL_1, APRIL_12)], NEXT_YEAR, None),
        # Of two that begin on one day the one accepted last counts.
        ([(NEW_YEAR, NEXT_YEAR), (NEW_YEAR, MARCH_31)], MARCH_31, None),
    ],
)
def test_papers_cover_up_to_the_first_day_that_none_covers(papers, until, gap):
    found = covered(*papers)

    assert (found.until(TODAY), found.gap(TODAY)) == (until, gap)


def test_what_a_file_told_counts_until_the_first_paper_begins():
    early, late = (covered((APRIL_12, NEXT_YEAR), known=known) for known in (MARCH_31, dt.date(2027, 12, 31)))

    assert (early.until(TODAY), early.gap(TODAY)) == (MARCH_31, Span(APRIL_1, dt.date(2027, 4, 11)))
    assert (late.until(TODAY), late.gap(TODAY)) == (NEXT_YEAR, None)


def test_a_day_is_covered_or_not():
    found = covered((NEW_YEAR, MARCH_31), (APRIL_12, NEXT_YEAR))

    assert [found.holds(day) for day in (TODAY, MARCH_31, APRIL_1, APRIL_12)] == [True, True, False, True]
    assert found.has_begun(NEW_YEAR) and not found.has_begun(NEW_YEAR - cover.DAY)
    assert (found.again(TODAY), found.again(APRIL_12)) == (APRIL_12, None)
