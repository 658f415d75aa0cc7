"""How a carer is written to: by which way, in which language, and when we keep silent."""

import logging

from django.db import transaction

from accounts import history, mail, texts
from voucher import rules
from voucher.models import Carer, Circumstance

log = logging.getLogger(__name__)

# What a carer did not ask for and need not act on: not written, and not sent, while we keep silent towards her.
# Every kind of that sort is named here: reminders, questions about how it was, news about wishes and waiting in vain.
UNASKED = frozenset({"award_reminder", "questions_after", "questions_later", "waited_in_vain", "wish_met"})
READER = "carer "


def to_carer(name, carer, context, dedupe_key, *, about=None, attachment=None, way=None, not_before=None):
    """Tell a carer some news, by the way she chose and in her language, or in both where that is not known (R33).

    `name` is a folder of templates/messages/: subject.txt and body.txt make the e-mail and the letter, text.txt the
    text message (short; no code, no balance, nothing about the person cared for; no link but the site's home). The
    templates know `scheme`, `site_url` and `context`. The same `dedupe_key` is written once. `about` is the row it
    tells of, for the log. `attachment` (accounts.mail.Attachment) goes with an e-mail only. `way` is the way it must go
    whatever she chose (Carer.ContactBy). What can wait for the day is sent `not_before` a moment.

    Call it within the transaction of the act that it tells of; it is sent after the commit. No address of a carer
    makes it fail. A kind listed in UNASKED is not written while we keep silent towards the carer
    (Carer.quiet_since), and one that was written before is not sent. Nothing is returned.
    """
    if carer.quiet_since and name in UNASKED:
        log.info("%s is not written: we keep silent towards carer %s", name, carer.pk)
        return
    context = {"scheme": carer.council.scheme, **context}
    words = {"language": carer.language, "context": context, "dedupe_key": dedupe_key}
    words |= {"reader": reader(carer), "council": carer.council} | ({"due_at": not_before} if not_before else {})
    way = way or way_to(carer)
    try:
        if way == Carer.ContactBy.EMAIL:
            mail.write(name, to=carer.email, attachment=attachment, **words)
        elif way == Carer.ContactBy.SMS:
            mail.write_text(name, to=carer.phone, **words)
        else:
            large = carer.print_size == Carer.PrintSize.LARGE
            mail.write_letter(name, to=_postal_address(carer), large_print=large, **words)
    except mail.BadAddress:
        # A carer without any address at all; the news is on the page as well.
        row = about or carer
        log.warning("%s of %s %s has no usable address", name, row._meta.model_name, row.pk)


def way_to(carer):
    """Return by which way this carer is written to (R33)."""
    way = rules.way_to_write(
        carer.contact_by, has_e_mail=mail.is_address(carer.email), has_mobile=bool(texts.mobile(carer.phone))
    )
    return Carer.ContactBy(way)


def is_rung(carer, *, day, on):
    """True where the carers team rings about a break on that day: a letter of today would be too late (R33)."""
    return way_to(carer) == Carer.ContactBy.POST and rules.letter_is_too_late(on, day)


def reader(carer):
    """Return how the outbox names a carer, so that what waits for her can be withdrawn: mail.withdraw(reader=…)."""
    return f"{READER}{carer.pk}"


def end_silence(*, carer, by, now):
    """Write to a carer as to everybody again: somebody else is cared for now, or the loss was written down by mistake.

    Never to one who has died. Return whether there was a silence to end; it is written in the history.
    """
    if Circumstance.objects.standing().filter(carer=carer, kind=Circumstance.Kind.CARER_DIED).exists():
        return False
    ended = Carer.objects.filter(pk=carer.pk, quiet_since__isnull=False).update(quiet_since=None)
    if ended:
        carer.quiet_since = None
        history.record(act="carer.silence_ended", subject=carer, by=by, at=now, council=carer.council)
    return bool(ended)


def carer_number(row):
    """Return the number of the carer that a message of the outbox is for, or nothing where it is for somebody else."""
    return int(row.reader.removeprefix(READER)) if row.reader.startswith(READER) else None


def try_again(*, row, now):
    """Begin anew with a message that was given up, at the address that the carer has now; return whether it was so."""
    carer = Carer.objects.filter(pk=carer_number(row)).first()
    to = ""
    if carer:
        ways = {
            Carer.ContactBy.EMAIL: carer.email if mail.is_address(carer.email) else "",
            Carer.ContactBy.SMS: texts.mobile(carer.phone),
            Carer.ContactBy.POST: _postal_address(carer),
        }
        to = ways[row.channel]
    return mail.try_again(row=row, now=now, to=to)


def withdraw_if_silent(row, now):
    """Withdraw a message that nobody asked for, where we have come to keep silent since; return whether it was so.

    The last look, at the moment of sending. It is written in the history.
    """
    if row.kind not in UNASKED:
        return False
    carer = Carer.objects.filter(pk=carer_number(row), quiet_since__isnull=False).first()
    if carer is None:
        return False
    with transaction.atomic():
        mail.withdraw(reader=row.reader, kinds=UNASKED, now=now)
        by, council = history.CLOCK, carer.council
        history.record(act="carer.message_kept_back", subject=carer, by=by, at=now, council=council, kind=row.kind)
    return True


def _postal_address(carer):
    lines = [str(carer), *carer.address.split(","), carer.town, carer.postcode]
    return "\n".join(line.strip() for line in lines if line.strip())
