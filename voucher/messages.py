"""The scheme's messages, one function each: written into the outbox within the act they tell of, sent after it.

A message holds no code and no balance, and nothing about the person cared for: whoever reads it
over a shoulder learns of one break and no more.
"""

import logging
import secrets

from accounts import mail, texts
from accounts.models import Language, OutboxMessage
from voucher import rules
from voucher.models import Booking, Carer

log = logging.getLogger(__name__)

# What a carer did not ask for and need not act on: not written, and not sent, while we keep silent towards her.
# Every kind of that sort is named here: reminders, questions about how it was, news about wishes.
UNASKED = frozenset({"award_reminder", "questions_after", "questions_later"})


def booking_asked(booking):
    """Tell the provider that a request waits for an answer, and until when."""
    _to_provider("booking_asked", booking)


def booking_confirmed(booking):
    """Tell the carer that the provider has said yes."""
    _to_carer("booking_confirmed", booking)


def booking_declined(booking):
    """Tell the carer that the provider cannot do it, why, and that everything is given back."""
    _to_carer("booking_declined", booking)


def booking_timed_out(booking):
    """Tell both sides that a request was not answered in time."""
    _to_carer("booking_timed_out", booking)
    _to_provider("booking_missed", booking)


def booking_missed(booking):
    """Tell the provider that it did not answer a request in time; the carer has other news."""
    _to_provider("booking_missed", booking)


def next_choice_asked(before, booking):
    """Tell the carer in one message that one could not, and that the next of her choices is asked (R24)."""
    _to_carer("next_choice_asked", booking, before=before)


def choices_used_up(booking):
    """Tell the carer once that none of her choices can be had, and that everything is given back (R24)."""
    choices = booking.asked_in.choices.filter(part=booking.part).select_related("offer__provider", "booking")
    _to_carer("choices_used_up", booking, choices=list(choices))


def times_suggested(booking, suggestions):
    """Tell the carer which other times the provider suggests, and until when she can take one (R25)."""
    _to_carer("times_suggested", booking, again=suggestions[0].pk, suggestions=suggestions)


def suggestion_taken(booking):
    """Tell the provider which of its times the carer has taken: the break is confirmed."""
    _to_provider("suggestion_taken", booking, again=booking.calendar_sequence)


def suggestions_not_taken(booking):
    """Tell the provider that the carer took none of its times."""
    _to_provider("suggestions_not_taken", booking)


def time_changed(booking, before):
    """Tell the provider that a request is for another time than `before`, with a new deadline (R39)."""
    _to_provider("time_changed", booking, again=booking.calendar_sequence, before=before)


def move_asked(booking, suggestion):
    """Tell the provider to what time the carer would like to move a confirmed break (R39)."""
    _to_provider("move_asked", booking, again=suggestion.pk, suggestion=suggestion)


def move_answered(booking, suggestion, before=None):
    """Tell the carer that her break is moved from `before`, or that the old time stands (R39)."""
    _to_carer("move_answered", booking, again=suggestion.pk, suggestion=suggestion, before=before)


def half_confirmed(booking, other):
    """Tell the carer that one half of a pair is confirmed, and for what it waits (R26)."""
    _to_carer("half_confirmed", booking, again=booking.calendar_sequence, other=other)


def pair_confirmed(booking, other):
    """Tell the carer that both halves are confirmed, and the provider that waited that its break is certain (R26)."""
    _to_carer("pair_confirmed", booking, other=other)
    _to_provider("pair_settled", other)


def pair_ended(booking, other):
    """Tell the carer once that one half cannot be had and the other was withdrawn; and that other's provider (R26)."""
    _to_carer("pair_ended", booking, other=other)
    _to_provider("pair_not_needed", other)


def half_fell_away(booking, other):
    """Tell the other side and the carer at once that half of a settled pair fell away; the carer chooses (R26)."""
    _to_carer("half_fell_away", booking, other=other)
    _to_provider("other_half_fell_away", other, again=booking.pk)


def booking_cancelled(booking):
    """Tell both sides that a booking is cancelled, by whom, and what it costs."""
    _to_carer("booking_cancelled", booking)
    _to_provider("booking_cancelled_for_provider", booking)


def booking_did_not_happen(booking):
    """Tell the carers team at once: the person cared for may be alone."""
    scheme = booking.council.scheme
    _queue("booking_did_not_happen", booking, to=scheme.team_email, language="")


def claim_made(*, claim, lines, total_pence):
    """Tell the provider that its claim has come in, for how many breaks and how much, in pence."""
    context = {"claim": claim, "lines": lines, "total_pence": total_pence, "scheme": claim.council.scheme}
    mail.write(
        "claim_made",
        to=claim.provider.email,
        language=claim.provider.language,
        context=context,
        dedupe_key=f"claim_made/{claim.pk}",
    )


def lines_left_out(*, run, provider, left_out):
    """Tell a provider which of its lines were left out of a run that was released, and why."""
    context = {"council": run.council, "scheme": run.council.scheme, "left_out": left_out}
    try:
        mail.write(
            "lines_left_out",
            to=provider.email,
            language=provider.language,
            context=context,
            dedupe_key=f"lines_left_out/{run.pk}/{provider.pk}",
        )
    except mail.BadAddress:
        # A slip in an address must not keep others from being paid; the reason is in the report as well.
        log.warning("The lines left out of run %s: provider %s has no usable address", run.pk, provider.pk)


def award_reminder(*, award, weeks):
    """Remind a carer that the award ends in so many weeks; the same reminder is written once."""
    to_carer("award_reminder", award.carer, {"account": award.account}, reminder_key(award, weeks), about=award)


def questions(*, award, moment):
    """Invite a carer to three short questions, after a break or twelve weeks later; for each moment once (R34)."""
    to_carer(f"questions_{moment}", award.carer, {}, _questions_key(award, moment), about=award)


def questions_told(asked):
    """Return those of these (award, moment) whose invitation is written already, as (number of the award, moment)."""
    keys = {_questions_key(award, moment): (award.pk, moment) for award, moment in asked}
    # Two text messages in two languages have a key each.
    both = keys | {f"{key}/{Language.WELSH}": said for key, said in keys.items()}
    told = OutboxMessage.objects.filter(dedupe_key__in=both).values_list("dedupe_key", flat=True)
    return {both[key] for key in told}


def _questions_key(award, moment):
    return f"questions/{award.pk}/{moment}"


def reminder_key(award, weeks):
    """Return what tells one reminder from every other."""
    return f"award_reminder/{award.pk}/{award.account.last_day}/{weeks}"


def to_carer(name, carer, context, dedupe_key, *, about=None, attachment=None):
    """Tell a carer some news, by the way she chose and in her language, or in both where that is not known (R33).

    `name` is a folder of templates/messages/: subject.txt and body.txt make the e-mail and the letter, text.txt the
    text message (short; no code, no balance, nothing about the person cared for; no link but the site's home). The
    templates know `scheme`, `site_url` and `context`. The same `dedupe_key` is written once. `about` is the row it
    tells of, for the log. `attachment` (accounts.mail.Attachment) goes with an e-mail only.

    Call it within the transaction of the act that it tells of; it is sent after the commit. No address of a carer
    makes it fail. A kind listed in UNASKED is not written while we keep silent towards the carer
    (Carer.quiet_since), and one that was written before is not sent. Nothing is returned.
    """
    if carer.quiet_since and name in UNASKED:
        log.info("%s is not written: we keep silent towards carer %s", name, carer.pk)
        return
    context = {"scheme": carer.council.scheme, **context}
    way, words = way_to(carer), {"language": carer.language, "context": context, "dedupe_key": dedupe_key}
    words |= {"reader": reader(carer), "council": carer.council}
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


def reader(carer):
    """Return how the outbox names a carer, so that what waits for her can be withdrawn: mail.withdraw(reader=…)."""
    return f"carer {carer.pk}"


def _postal_address(carer):
    lines = [str(carer), *carer.address.split(","), carer.town, carer.postcode]
    return "\n".join(line.strip() for line in lines if line.strip())


def pin_changed(carer, *, now):
    """Tell the carer that the PIN was set, changed or taken away, in case it was not they who did it."""
    _about_carer("pin_changed", carer, {"has_pin": bool(carer.pin)}, key=f"{carer.pk}/{now.isoformat()}")


def code_bound(carer, *, now):
    """Tell the carer that from now on the code works only with their sign-in, or alone again."""
    context = {"bound": carer.code_bound_at is not None}
    _about_carer("code_bound", carer, context, key=f"{carer.pk}/{now.isoformat()}")


def account_made(carer, *, noted_address):
    """Tell the carer that the award is in an account; where the address was new to us, by a letter to the door."""
    context = {"noted_address": noted_address, "email": carer.email}
    _about_carer("account_made", carer, context, key=f"{carer.pk}/{carer.user_id}", by_post=noted_address)


def address_code(carer, *, email, code, now):
    """Queue the code that proves an e-mail address; returns its row, to be sent while somebody waits for it."""
    context = {"carer": carer, "scheme": carer.council.scheme, "code": code}
    key = f"address_code/{carer.pk}/{now.isoformat()}/{secrets.token_hex(4)}"
    return mail.write("address_code", to=email, language=carer.language, context=context, dedupe_key=key)


def permission_given(permission):
    """Tell the carer who may act for them and until when, and the helper how to begin."""
    carer = permission.carer
    context = {"permission": permission, "helper": permission.helper}
    _about_carer("permission_given", carer, context, key=str(permission.pk))
    _about_carer(
        "permission_for_helper", carer, context, key=str(permission.pk), to=permission.helper.email, language=""
    )


def booked_by_helper(booking):
    """Tell the carer that somebody who helps asked for a break for them."""
    _to_carer("booked_by_helper", booking)


def booked_by_phone(booking):
    """Tell the carer what a provider has booked for them on the telephone, and how to say that it is not so."""
    _to_carer("booked_by_phone", booking)


def _about_carer(name, carer, context, *, key, to=None, language=None, by_post=False):
    """Write to a carer about themself; `by_post`: to the door, whatever way they like to be reached."""
    to, language = to or carer.email, carer.language if language is None else language
    if to:
        _write(name, {"carer": carer, "scheme": carer.council.scheme} | context, to=to, language=language, key=key)


def _write(name, context, *, to, language, key):
    try:
        mail.write(name, to=to, language=language, context=context, dedupe_key=f"{name}/{key}")
    except mail.BadAddress:
        log.warning("%s %s has no usable address", name, key)


def _to_carer(name, booking, *, again="", **more):
    key = f"{name}/{booking.pk}{again and f'/{again}'}"
    to_carer(name, booking.award.carer, _context(booking) | more, key, about=booking)


def _to_provider(name, booking, *, again="", **more):
    _queue(name, booking, to=booking.provider.email, language=booking.provider.language, again=again, **more)


def _queue(name, booking, *, to, language, again="", **more):
    try:
        mail.write(
            name,
            to=to,
            language=language,
            context=_context(booking) | more,
            dedupe_key=f"{name}/{booking.pk}{again and f'/{again}'}",
            council=booking.council,
        )
    except mail.BadAddress:
        # A slip in an address must not keep a carer from a break; the news is on the page as well.
        log.warning("%s of booking %s has no usable address", name, booking.pk)


def _context(booking):
    return {
        "booking": booking,
        "offer": booking.offer,
        "provider": booking.provider,
        "scheme": booking.council.scheme,
        "unit": booking.award.unit,
        "by_carer": booking.ended_by == Booking.Party.CARER,
        "by_provider": booking.ended_by == Booking.Party.PROVIDER,
    }
