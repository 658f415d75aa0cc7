"""What is asked for beside a first choice: a second and third, and a sitter meanwhile; all of it in the address.

An address, and the form that is sent in the end, names each further choice as "number~minutes~start": "also" for
another choice of the break, "sitter" for the choices of a sitter. In the form the price that was seen stands last.
"""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import wording
from brochure import catalogue
from brochure.models import Offer
from voucher import bookings
from voucher.bookings import alternatives
from voucher.forms.carer import as_typed
from voucher.views.my.open_award import award_required
from voucher.views.numbers import whole
from voucher.views.offer_cards import moment_of

SIGN = "~"
ALSO_MOST, SITTERS_MOST = 2, 3


@dataclass
class More:
    """The further choices of a request, each an alternatives.Candidate; `gone`: the kind of each that cannot be had."""

    also: list = field(default_factory=list)
    sitters: list = field(default_factory=list)
    gone: list = field(default_factory=list)

    @property
    def sitter_amount(self):
        return self.sitters[0].quote.amount if self.sitters else 0

    def query(self, **first):
        """Return the whole request as it stands in an address, beginning with the first choice."""
        return urlencode([*first.items(), *self.named()])

    def named(self):
        """Return the further choices as pairs of a name and what an address says for each."""
        also = [("also", named(each)) for each in self.also]
        return [*also, *(("sitter", named(each)) for each in self.sitters)]

    def without(self, one):
        """Return the same without one choice."""
        return More([each for each in self.also if each is not one], [each for each in self.sitters if each is not one])


def read(data, *, award, offer, starts_at, now, by):
    """Return the More that an address or a sent form names; what cannot be had any more is counted in `gone`."""
    more, seen = More(), {(offer.pk, starts_at)}
    for name, most, into in (("also", ALSO_MOST, more.also), ("sitter", SITTERS_MOST, more.sitters)):
        for text in data.getlist(name)[:most]:
            one = _candidate(text, award, now, by)
            if one is None or (one.offer.pk, one.starts_at) in seen:
                more.gone.append(name)
                continue
            seen.add((one.offer.pk, one.starts_at))
            into.append(one)
    return more


def seen_prices(data):
    """Return {choice as an address names it: the price in pence that the sent form says was seen}."""
    texts = [*data.getlist("also"), *data.getlist("sitter")]
    return {SIGN.join(text.split(SIGN)[:3]): whole((text.split(SIGN) + [""] * 4)[3], digits_most=9) for text in texts}


def named(one, price=False):
    """Return a Candidate as an address names it; with `price` as the form names it."""
    parts = [str(one.offer.pk), str(one.minutes), as_typed(one.starts_at)]
    return SIGN.join([*parts, str(one.quote.price_pence)] if price else parts)


def shown(one, href=""):
    """Return what a line about a Candidate shows."""
    return {
        "one": one,
        "offer": one.offer,
        "when": capfirst(wording.span(one.starts_at, one.ends_at)),
        "href": href,
        "sent": named(one, price=True),
    }


@require_safe
@award_required
def another(request, slug):
    """Choose who or when else to ask, if the first says no."""
    first = _first(request, slug)
    if first is None:
        return redirect("my:ask", slug)
    offer, one, more, now = first
    if len(more.also) >= ALSO_MOST:
        return redirect(_back(offer, one, more))
    most = request.award.account.available - more.sitter_amount
    chosen = [each.offer.pk for each in more.also]
    others = alternatives.somebody_else(
        award=request.award,
        offer=offer,
        starts_at=one.starts_at,
        minutes=one.minutes,
        most=most,
        now=now,
        by=request.who,
        besides=chosen,
    )
    free = alternatives.free_days(request.award, offer, one.minutes, now)
    times = alternatives.other_times(
        award=request.award,
        offer=offer,
        starts_at=one.starts_at,
        minutes=one.minutes,
        most=most,
        free=free,
        on=timezone.localdate(now),
    )
    taken = {(each.offer.pk, each.starts_at) for each in more.also}
    times = [each for each in times if (each.offer.pk, each.starts_at) not in taken]

    def line(each):
        return shown(each, _back(offer, one, More([*more.also, each], more.sitters)))

    context = {
        "offer": offer,
        "first": one,
        "when": wording.span(one.starts_at, one.ends_at),
        "others": [line(each) for each in others],
        "times": [line(each) for each in times],
        "position": len(more.also) + 2,
        "back": _back(offer, one, more),
    }
    return render(request, "my/ask_another.html", context)


@require_safe
@award_required
def sitter(request, slug):
    """Choose a sitter for the time of the break, or a second choice of one."""
    first = _first(request, slug)
    if first is None:
        return redirect("my:ask", slug)
    offer, one, more, now = first
    if len(more.sitters) >= SITTERS_MOST or not can_have_sitter(offer):
        return redirect(_back(offer, one, more))
    margin = whole(request.GET.get("margin", ""), digits_most=2)
    margin = margin if margin in alternatives.MARGINS else alternatives.MARGINS[0]
    found = alternatives.sitters(
        award=request.award,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        margin=margin,
        most=request.award.account.available - one.quote.amount,
        now=now,
        by=request.who,
        besides=[each.offer.pk for each in more.sitters],
    )
    here = reverse("my:ask_sitter", args=[offer.slug])
    query = more.query(minutes=one.minutes, starts_at=as_typed(one.starts_at))
    context = {
        "offer": offer,
        "when": wording.span(one.starts_at, one.ends_at),
        "margin": margin,
        "other_margin_url": f"{here}?{query}&margin={next(each for each in alternatives.MARGINS if each != margin)}",
        "found": [shown(each, _back(offer, one, More(more.also, [*more.sitters, each]))) for each in found],
        "is_second": bool(more.sitters),
        "back": _back(offer, one, more),
    }
    return render(request, "my/ask_sitter.html", context)


def can_have_sitter(offer):
    """A sitter goes with a break that is no sitting itself, and is over within the day."""
    return offer.category.slug != alternatives.SITTING and offer.unit != Offer.Unit.NIGHT


def last_look_context(request, offer, starts_at, minutes, quote, more):
    """Return what the last look shows beside the first choice: further choices, a sitter, what else is on then."""
    award = request.award
    first = {"minutes": minutes, "starts_at": as_typed(starts_at)}
    page = reverse("my:ask", args=[offer.slug])
    query = more.query(**first)

    def line(each):
        return shown(each, f"{page}?{more.without(each).query(**first)}")

    whole_amount = quote.amount + more.sitter_amount
    ends_at = alternatives.Candidate(offer, starts_at, minutes, quote).ends_at
    return {
        "also": [line(each) for each in more.also],
        "sitters": [line(each) for each in more.sitters],
        "gone": "also" in more.gone,
        "gone_sitter": "sitter" in more.gone,
        "another_url": f"{reverse('my:ask_another', args=[offer.slug])}?{query}" if len(more.also) < ALSO_MOST else "",
        "sitter_url": f"{reverse('my:ask_sitter', args=[offer.slug])}?{query}"
        if can_have_sitter(offer) and len(more.sitters) < SITTERS_MOST
        else "",
        "whole_amount": whole_amount,
        "whole_left": award.account.available - whole_amount,
        "same_time": bookings.at_the_same_time(award=award, starts_at=starts_at, ends_at=ends_at),
    }


def parts(first, more, seen):
    """Return the request as bookings.ask takes it, with the prices seen: the break's choices, then the sitter's."""
    break_ = [first, *(_wanted(each, seen) for each in more.also)]
    return [break_, [_wanted(each, seen) for each in more.sitters]] if more.sitters else [break_]


def say_refused(request, refusal, more):
    """Say which of the further choices cannot be had, and return the More that is left to look at again."""
    if isinstance(refusal, bookings.NotEnough):
        messages.error(request, _("There is not enough left for both. Nothing has been set aside."))
        return more
    one = (more.sitters if refusal.part == 2 else more.also)[refusal.position - (1 if refusal.part == 2 else 2)]
    provider = {"provider": one.offer.provider.name}
    if isinstance(refusal, bookings.StalePrice):
        messages.error(request, _("The price of %(provider)s has changed. Look again, then ask.") % provider)
        return more
    messages.error(
        request, _("%(provider)s can no longer be had at that time, so we have taken it out. Look again.") % provider
    )
    return more.without(one)


def _wanted(one, seen):
    # Whoever sends no price has seen none, so it is not the price.
    return bookings.Wanted(one.offer, one.starts_at, one.minutes, seen.get(named(one)) or 0)


def _candidate(text, award, now, by):
    number, minutes, starts_at = (text.split(SIGN) + [""] * 3)[:3]
    number, minutes = whole(number, digits_most=9), whole(minutes, digits_most=6)
    starts_at = moment_of(starts_at)
    offer = catalogue.known_offers().filter(pk=number).first() if number and minutes and starts_at else None
    if offer is None:
        return None
    try:
        return alternatives.candidate(award=award, offer=offer, starts_at=starts_at, minutes=minutes, now=now, by=by)
    except bookings.Refused:
        return None


def _first(request, slug):
    """Return (offer, first choice, More, now) of the address, or None where the first choice cannot be had."""
    offer, now = get_object_or_404(catalogue.known_offers(), slug=slug), timezone.now()
    text = SIGN.join([str(offer.pk), request.GET.get("minutes", ""), request.GET.get("starts_at", "")])
    one = _candidate(text, request.award, now, request.who)
    if one is None:
        return None
    more = read(request.GET, award=request.award, offer=offer, starts_at=one.starts_at, now=now, by=request.who)
    return offer, one, more, now


def _back(offer, one, more):
    query = more.query(minutes=one.minutes, starts_at=as_typed(one.starts_at))
    return f"{reverse('my:ask', args=[offer.slug])}?{query}"
