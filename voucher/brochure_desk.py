"""The carers team's desk for the printed brochure: the next edition is made once, and its files one by one."""

import logging

from django.db import IntegrityError

from accounts.models import Language
from accounts.paper import CannotPrint
from brochure import editions
from brochure.models import Edition, EditionFile
from voucher.ledger import acts

log = logging.getLogger(__name__)

# In the order in which they are made and shown: (language, large print).
FILES = [(language, large) for large in (False, True) for language in Language.values]


class EditionMeanwhile(Exception):
    """Somebody else made the next edition in between, so what was looked at is no longer the newest."""


def make(*, after, by, now, key):
    """Make the edition that follows number `after` (0 where there is none yet) and return its number.

    The same key again gives the same number and makes nothing. Raises EditionMeanwhile,
    editions.NothingToPrint, ledger.acts.KeyWasUsed.
    """

    def freeze():
        newest = editions.newest()
        if (newest.number if newest else 0) != after:
            raise EditionMeanwhile
        edition = editions.freeze(by=by, now=now)
        if edition.number != after + 1:
            raise EditionMeanwhile
        return edition.number

    try:
        return acts.once(
            key=f"edition:{key}", actor=by.actor, verb="edition.made", arguments={"after": after}, now=now, do=freeze
        )
    except IntegrityError as error:
        # Two at the same moment: the number is taken.
        raise EditionMeanwhile from error


def make_a_missing_file(now):
    """Make one file that the newest edition lacks; return how many were made and how many failed.

    One at a time, because each takes up to a minute, in which mail and deadlines wait. An older edition is made
    only by hand (manage.py print_edition): few ask for it.
    """
    edition = editions.newest()
    missing = editions.missing_files(edition) if edition else []
    if not missing:
        return 0, 0
    language, large_print = missing[0]
    try:
        editions.pdf(edition, language, large_print=large_print)
    except CannotPrint as error:
        log.error("Edition %s cannot be set: %s", edition.number, error)
        return 0, 1
    return 1, 0


def shelf(most):
    """Return the newest editions as (edition, [(language, large print, EditionFile or None)…]); two queries."""
    rows = list(Edition.objects.defer("printed")[:most])
    files = EditionFile.objects.filter(edition__in=rows).defer("content")
    kept = {(file.edition_id, file.language, file.large_print): file for file in files}
    return [(row, [(*which, kept.get((row.pk, *which))) for which in FILES]) for row in rows]
