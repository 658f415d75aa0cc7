"""News of a request: its choices, other times, a sitter asked for with a break, a break that is moved."""

import logging

from accounts import mail
from voucher import rules
from voucher.messages.telling import tell_carer, tell_provider
from voucher.messages.writing import to_carer

log = logging.getLogger(__name__)


def next_choice_asked(before, booking):
    """Tell the carer in one message that one could not, and that the next of her choices is asked (R24)."""
    tell_carer("next_choice_asked", booking, before=before)


def choices_used_up(booking):
    """Tell the carer once that none of her choices can be had, and that everything is given back (R24)."""
    choices = booking.asked_in.choices.filter(part=booking.part).select_related("offer__provider", "booking")
    tell_carer("choices_used_up", booking, choices=list(choices))


def times_suggested(booking, suggestions):
    """Tell the carer which other times the provider suggests, and until when she can take one (R25)."""
    tell_carer("times_suggested", booking, again=suggestions[0].pk, suggestions=suggestions)


def suggestion_taken(booking):
    """Tell the provider which of its times the carer has taken: the break is confirmed."""
    tell_provider("suggestion_taken", booking, again=booking.calendar_sequence)


def suggestions_not_taken(booking):
    """Tell the provider that the carer took none of its times."""
    tell_provider("suggestions_not_taken", booking)


def time_changed(booking, before):
    """Tell the provider that a request is for another time than `before`, with a new deadline (R39)."""
    tell_provider("time_changed", booking, again=booking.calendar_sequence, before=before, with_links=True)


def move_asked(booking, suggestion):
    """Tell the provider to what time the carer would like to move a confirmed break (R39)."""
    tell_provider("move_asked", booking, again=suggestion.pk, suggestion=suggestion)


def move_answered(booking, suggestion, before=None):
    """Tell the carer that her break is moved from `before`, or that the old time stands (R39).

    A provider that agreed gets the new entry for its calendar.
    """
    tell_carer("move_answered", booking, again=suggestion.pk, suggestion=suggestion, before=before)
    if before:
        tell_provider("booking_confirmed_for_provider", booking, again=booking.calendar_sequence)


def half_confirmed(booking, other):
    """Tell the carer that one half of a pair is confirmed, and for what it waits (R26)."""
    tell_carer("half_confirmed", booking, again=booking.calendar_sequence, other=other)


def pair_confirmed(booking, other):
    """Tell the carer that both halves are confirmed, and the provider that waited that its break is certain (R26)."""
    tell_carer("pair_confirmed", booking, other=other)
    tell_provider("pair_settled", other)


def pair_ended(booking, other):
    """Tell the carer once that one half cannot be had and the other was withdrawn; and that other's provider (R26)."""
    # An entry that stands in the carer's calendar is the one to take away.
    tell_carer("pair_ended", booking, calendar_of=other if other.answered_at else booking, other=other)
    pair_not_needed(other)


def pair_not_needed(booking):
    """Tell a provider that its half of a pair is withdrawn, because the other half cannot be had (R26)."""
    tell_provider("pair_not_needed", booking)


def half_fell_away(booking, other):
    """Tell the other side and the carer at once that half of a settled pair fell away; the carer chooses (R26)."""
    tell_carer("half_fell_away", booking, other=other)
    tell_provider("other_half_fell_away", other, again=booking.pk)


def place_kept(place, *, is_rung):
    """Tell a carer who waited that a place is kept for her, and until when (R55); by letter the carers team rings."""
    carer, offer = place.award.carer, place.offer
    context = {"place": place, "offer": offer, "provider": offer.provider, "carer": carer, "is_rung": is_rung}
    if not is_rung:
        to_carer("place_kept", carer, context, f"place_kept/{place.pk}", about=place)
        return
    scheme = carer.council.scheme
    try:
        mail.write(
            "place_kept_to_ring",
            to=scheme.team_email,
            language="",
            context=context | {"scheme": scheme},
            dedupe_key=f"place_kept_to_ring/{place.pk}",
            council=carer.council,
        )
    except mail.BadAddress:
        log.warning("place_kept of waiting place %s has no usable address", place.pk)


def waited_in_vain(places, *, why, others, now):
    """Tell a carer once, by day, that nothing can come of what she waits for, and what there is instead (R55).

    The places are of one award; `why` is a WaitingPlace.Because, `others` are offers of the same kind. It is not
    written while we keep silent towards her.
    """
    first = places[0]
    carer, offer = first.award.carer, first.offer
    context = {"places": places, "place": first, "offer": offer, "provider": offer.provider, "why": why}
    to_carer(
        "waited_in_vain",
        carer,
        context | {"others": others, "carer": carer},
        f"waited_in_vain/{first.pk}",
        about=first,
        not_before=None if rules.is_by_day(now) else rules.by_day_from(now),
    )
