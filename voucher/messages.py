"""The scheme's messages, one function each: written into the outbox within the act they tell of, sent after it.

A message holds no code and no balance, and nothing about the person cared for: whoever reads it
over a shoulder learns of one break and no more.
"""

import logging
import secrets

from django.conf import settings
from django.utils.functional import lazy

from accounts import mail
from accounts.models import Language, OutboxMessage
from brochure.wording import length
from voucher import calendar_files
from voucher.models import Booking, Carer, Suggestion, TopUp
from voucher.writing import to_carer, way_to

log = logging.getLogger(__name__)

State = Booking.State
# A booking of these takes its entry out of the calendars again.
ENDED = {State.DECLINED, State.TIMED_OUT, State.CANCELLED, State.DID_NOT_HAPPEN}


def booking_asked(booking):
    """Tell the provider that a request waits for an answer, and until when."""
    _to_provider("booking_asked", booking)


def booking_confirmed(booking):
    """Tell the carer that the provider has said yes; both get the entry for their calendar.

    Where she took a time that the provider had suggested (R25), it knows already.
    """
    taken = booking.suggestions.filter(by=Booking.Party.PROVIDER, state=Suggestion.State.TAKEN).exists()
    _to_carer("booking_confirmed", booking, taken=taken)
    if not taken:
        _to_provider("booking_confirmed_for_provider", booking)


def booking_declined(booking):
    """Tell the carer that the provider cannot do it, why, and that everything is given back."""
    _to_carer("booking_declined", booking)


def booking_timed_out(booking):
    """Tell the carer that a request was not answered in time, or that she took none of the times suggested."""
    ended_by_carer = booking.ended_by == Booking.Party.CARER
    _to_carer("suggestions_ran_out" if ended_by_carer else "booking_timed_out", booking)


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
    """Tell the carer that her break is moved from `before`, or that the old time stands (R39).

    A provider that agreed gets the new entry for its calendar.
    """
    _to_carer("move_answered", booking, again=suggestion.pk, suggestion=suggestion, before=before)
    if before:
        _to_provider("booking_confirmed_for_provider", booking, again=booking.calendar_sequence)


def half_confirmed(booking, other):
    """Tell the carer that one half of a pair is confirmed, and for what it waits (R26)."""
    _to_carer("half_confirmed", booking, again=booking.calendar_sequence, other=other)


def pair_confirmed(booking, other):
    """Tell the carer that both halves are confirmed, and the provider that waited that its break is certain (R26)."""
    _to_carer("pair_confirmed", booking, other=other)
    _to_provider("pair_settled", other)


def pair_ended(booking, other):
    """Tell the carer once that one half cannot be had and the other was withdrawn; and that other's provider (R26)."""
    # An entry that stands in the carer's calendar is the one to take away.
    _to_carer("pair_ended", booking, calendar_of=other if other.answered_at else booking, other=other)
    pair_not_needed(other)


def pair_not_needed(booking):
    """Tell a provider that its half of a pair is withdrawn, because the other half cannot be had (R26)."""
    _to_provider("pair_not_needed", booking)


def half_fell_away(booking, other):
    """Tell the other side and the carer at once that half of a settled pair fell away; the carer chooses (R26)."""
    _to_carer("half_fell_away", booking, other=other)
    _to_provider("other_half_fell_away", other, again=booking.pk)


def wish_met(wish):
    """Tell a carer once that something like what she wished for is in the brochure now (R38)."""
    to_carer("wish_met", wish.carer, {"wish": wish, "offer": wish.met_by}, f"wish_met/{wish.pk}", about=wish)


def booking_cancelled(booking, together_with=None):
    """Tell both sides that a booking is cancelled, by whom, and what it costs; the carer also what went with it."""
    _to_carer("booking_cancelled", booking, other=together_with)
    booking_cancelled_for_provider(booking)


def booking_cancelled_for_provider(booking):
    """Tell the provider that a booking is cancelled, by whom, and what it can claim; the carer has other news.

    Of one that waited for the carer's card payment the provider has never heard.
    """
    if not TopUp.objects.filter(booking=booking, way=TopUp.Way.CARD, paid_at=None).exists():
        _to_provider("booking_cancelled_for_provider", booking)


def own_money_not_paid(booking):
    """Tell the carer that the card payment did not come in time, and that everything is given back."""
    _to_carer("own_money_not_paid", booking)


def own_money_given_back(booking, pence):
    """Tell the carer how much of her card payment is on its way back to the card."""
    _to_carer("own_money_given_back", booking, pence=pence)


def booking_did_not_happen(booking):
    """Tell the carers team at once: the person cared for may be alone."""
    scheme = booking.council.scheme
    _queue("booking_did_not_happen", booking, to=scheme.team_email, language="")


def nobody_came_for_provider(booking):
    """Tell the provider kindly that the carer says nobody came, and how to say that it is not so (R40)."""
    _to_provider("nobody_came_for_provider", booking)


def emergency(booking, *, please_ring):
    """Tell the carers team that a carer cancelled in an emergency, and whether she asks to be rung (R28)."""
    to = booking.council.scheme.team_email
    _queue("emergency", booking, to=to, language="", please_ring=please_ring)


def dispute_made(dispute):
    """Tell the provider what the carer says took place, and how to answer; and the carers team (R29)."""
    booking = dispute.booking
    _to_provider("dispute_made", booking, **_of_dispute(dispute))
    _queue("dispute_to_settle", booking, to=booking.council.scheme.team_email, language="", **_of_dispute(dispute))


def dispute_resolved(dispute):
    """Tell both sides what the carers team found, and what follows for each (R29)."""
    _to_carer("dispute_resolved", dispute.booking, **_of_dispute(dispute))
    _to_provider("dispute_resolved_for_provider", dispute.booking, **_of_dispute(dispute))


def claim_made(*, claim, lines, total_pence):
    """Tell the provider that its claim has come in, for how many breaks and how much, in pence."""
    context = {"claim": claim, "lines": lines, "total_pence": total_pence, "scheme": claim.council.scheme}
    mail.write(
        "claim_made",
        to=claim.provider.email,
        language=claim.provider.language,
        context=context,
        dedupe_key=f"claim_made/{claim.pk}",
        council=claim.council,
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
            council=run.council,
        )
    except mail.BadAddress:
        # A slip in an address must not keep others from being paid; the reason is in the report as well.
        log.warning("The lines left out of run %s: provider %s has no usable address", run.pk, provider.pk)


def application_answered(application):
    """Tell the carer what the carers team has answered: yes, yes to less, or no with the reason."""
    award = application.award
    context = {"application": application, "award": award, "unit": award.unit}
    to_carer("application_answered", award.carer, context, f"application_answered/{application.pk}", about=award)


def award_changed(*, award, amount, key):
    """Tell the carer that the carers team has made the award larger or smaller, by how much in the award's unit."""
    context = {"award": award, "unit": award.unit, "more": amount > 0, "amount": abs(amount)}
    to_carer("award_changed", award.carer, context, f"award_changed/{key}", about=award)


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


def break_coming(booking):
    """Remind a carer of a break two days before; once for each time it is set for. Not by letter: it would be late."""
    to_carer("break_coming", booking.award.carer, _context(booking), break_key(booking), about=booking)


def break_key(booking):
    """Return what tells the reminder of one break, as it is set now, from every other."""
    return f"break_coming/{booking.pk}/{booking.calendar_sequence}"


def is_reminded_of_breaks(carer):
    """Return whether a reminder two days before a break reaches this carer in time (R33)."""
    return way_to(carer) != Carer.ContactBy.POST


def reminder_key(award, weeks):
    """Return what tells one reminder from every other."""
    return f"award_reminder/{award.pk}/{award.account.last_day}/{weeks}"


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
    way = Carer.ContactBy.POST if noted_address else None
    _about_carer("account_made", carer, context, key=f"{carer.pk}/{carer.user_id}", way=way)


def address_code(carer, *, email, code, now):
    """Queue the code that proves an e-mail address; returns its row, to be sent while somebody waits for it."""
    context = {"carer": carer, "scheme": carer.council.scheme, "code": code}
    key = f"address_code/{carer.pk}/{now.isoformat()}/{secrets.token_hex(4)}"
    return mail.write("address_code", to=email, language=carer.language, context=context, dedupe_key=key)


def permission_given(permission):
    """Tell the carer who may act for them and until when, and the helper how to begin."""
    carer = permission.carer
    context = {"permission": permission, "helper": permission.helper}
    _about_carer("permission_given", carer, context, key=permission.pk)
    helper = permission.helper
    mail.write(
        "permission_for_helper",
        to=helper.email,
        language=helper.language,
        context={"carer": carer, "scheme": carer.council.scheme} | context,
        dedupe_key=f"permission_for_helper/{permission.pk}",
        council=carer.council,
    )


def booked_by_helper(booking):
    """Tell the carer that somebody who helps asked for a break for them."""
    _to_carer("booked_by_helper", booking)


def booked_by_phone(booking, *, now):
    """Tell the carer what a provider has booked for them on the telephone, and how to say that it is not so.

    It stands in place of the news that the break was asked for and confirmed, which nobody waits for here.
    """
    keys = [f"{name}/{booking.pk}" for name in ("booking_asked", "booking_confirmed")]
    rows = OutboxMessage.objects.filter(dedupe_key__in=[*keys, *(f"{key}/en" for key in keys)], sent_at=None)
    rows.update(withdrawn_at=now)
    _to_carer("booked_by_phone", booking)


def _of_dispute(dispute):
    booking = dispute.booking

    def in_words(minutes):
        # Said when it is written, in the reader's language.
        return lazy(length, str)(minutes, booking.offer.unit, booking.unit_minutes)

    return {
        "dispute": dispute,
        "said": in_words(dispute.said_minutes),
        "given": in_words(dispute.given_minutes),
        "found": in_words(dispute.found_minutes or 0),
        "in_question": booking.in_question_pence,
        "due": booking.due_pence or 0,
    }


def _about_carer(name, carer, context, *, key, way=None):
    to_carer(name, carer, {"carer": carer} | context, f"{name}/{key}", way=way)


def _to_carer(name, booking, *, again="", calendar_of=None, **more):
    key = f"{name}/{booking.pk}{again and f'/{again}'}"
    entry, shown = None, calendar_of or booking
    if shown.state == State.CONFIRMED or shown.state in ENDED:
        entry = calendar_files.for_carer(shown)
    to_carer(name, booking.award.carer, _context(booking) | more, key, about=booking, attachment=entry)


def _to_provider(name, booking, *, again="", **more):
    provider, entry = booking.provider, None
    # A request that came to nothing never stood in the provider's calendar.
    if booking.state == State.CONFIRMED or (booking.state in ENDED and booking.answered_at):
        entry = calendar_files.for_provider(booking)
    _queue(name, booking, to=provider.email, language=provider.language, again=again, attachment=entry, **more)


def _queue(name, booking, *, to, language, again="", attachment=None, **more):
    try:
        mail.write(
            name,
            to=to,
            language=language,
            # Notify takes no calendar files: then the message must not speak of one.
            context=_context(booking) | {"with_file": attachment and settings.MESSAGES_EMAIL != "notify"} | more,
            dedupe_key=f"{name}/{booking.pk}{again and f'/{again}'}",
            council=booking.council,
            attachment=attachment,
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
