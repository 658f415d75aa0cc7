"""Which days the papers of one kind cover, one after another, and where nothing does between them (R45).

A paper counts from its first day until one that begins later begins; before it the one that was there, up to its end.
"""

import datetime as dt
from dataclasses import dataclass

BEGINNING, END = dt.date.min, dt.date.max
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, order=True)
class Span:
    """Days without a gap between them, both ends included; BEGINNING and END where none is known."""

    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Cover:
    """Spans in order, of which no two touch."""

    spans: tuple = ()

    def holds(self, on):
        """True where that day is covered."""
        return any(span.first <= on <= span.last for span in self.spans)

    def has_begun(self, on):
        """True where that day or one before it is covered."""
        return any(span.first <= on for span in self.spans)

    def until(self, on):
        """Return the last day up to which it is covered from then on without a gap; None: no end, or not begun.

        Where that day is not covered it is the last one before it that was.
        """
        begun = [span for span in self.spans if span.first <= on]
        return begun[-1].last if begun and begun[-1].last != END else None

    def again(self, on):
        """Return the first day of the next span after that day, or None: after a gap, or the first of all."""
        return next((span.first for span in self.spans if span.first > on), None)

    def gap(self, on):
        """Return the next days that nothing covers between two spans, or in which that day lies, as a Span, or None."""
        until, again = self.until(on), self.again(on)
        return Span(until + DAY, again - DAY) if until and again else None


def joined(spans):
    """Return the Cover of spans that may touch and overlap."""
    found = []
    for span in sorted(spans):
        if found and (found[-1].last == END or span.first <= found[-1].last + DAY):
            found[-1] = Span(found[-1].first, max(found[-1].last, span.last))
        else:
            found.append(span)
    return Cover(tuple(found))


def of_papers(rows, *, known_until=None):
    """Return the Cover of papers of one kind that were accepted at some time, each with valid_from and valid_until.

    Each counts from its first day until one that begins later begins; of two that begin on one day, the one accepted
    last. One that does not tell its first day takes the place of all that were accepted before it. `known_until` is
    the end that a file of the pilot told of, which counts until the first of these papers begins.
    """
    by_first_day = {}
    for row in sorted(rows, key=lambda row: (row.seen_at, row.pk)):
        if row.valid_from is None:
            by_first_day.clear()
        by_first_day[row.valid_from or BEGINNING] = row.valid_until or END
    if not by_first_day:
        return Cover()
    if known_until:
        by_first_day.setdefault(BEGINNING, known_until)
    firsts = sorted(by_first_day)
    ends = [*(first - DAY for first in firsts[1:]), END]
    return joined(Span(first, min(by_first_day[first], end)) for first, end in zip(firsts, ends, strict=True))
