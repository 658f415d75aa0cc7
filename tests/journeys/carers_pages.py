"""Every page that a carer can come to, from the addresses of the site: a new page is measured with the others."""

import datetime as dt

from django.urls import reverse
from django.utils import translation

from accounts.history import Who
from tests import factories
from tests.site.test_who_may_enter import address, rows
from tests.voucher import breaks
from voucher import bookings
from voucher.urls import my, public

# Pages of the whole site that are for staff, or only show how to sign in to a copy of it.
NOT_FOR_CARERS = {"demo", "choose_council", "choose_provider", "after_sign_in"}
# What one page looks like at each of its steps: the name of its address, and what is asked of it.
STEPS = {
    "brochure": ["", "?words=sitting", "?words=nothing-of-the-kind", "?day=2026-10-16"],
    "my:ask": ["", "?minutes=150", "?minutes=150&day=2026-10-16", "?minutes=150&starts_at=2026-10-16T13:00Z"],
}


def names():
    """Return the name of every address of the public and of the carer's own pages that can be looked at."""
    looked_at = {
        row["page"] for row in rows() if row["how"] == "look" and "yes" in (row["stranger"], row["by account"])
    }
    ours = [each.name for each in public.urlpatterns] + [f"my:{each.name}" for each in my.my]
    return [name for name in ours if name in looked_at - NOT_FOR_CARERS]


def addresses(there, language, states):
    """Return {address: name} of every carer's page, each with its steps, and a booking's page in each state."""
    found = {}
    with translation.override(language):
        for name in names():
            for step in STEPS.get(name, [""]):
                found[address(name, there) + step] = name
        for state, ref in states.items():
            found[reverse("my:booking", args=[ref])] = f"my:booking, {state}"
    return found


def one_of_each(found):
    """Return the first address of each name: the steps and states of one page look much alike."""
    first = {}
    for place, name in found.items():
        first.setdefault(name.partition(",")[0], place)
    return set(first.values())


def bookings_in_each_state(award, provider, owner, now):
    """Make a booking of the award for each thing that can become of one; return {state: its number}."""
    offer, by, made = factories.offer(provider, slug="sitting-again"), Who(user=owner), {}
    days = iter(range(1, 20))

    def ask(minutes=60):
        return breaks.ask(award, offer, now, minutes=minutes, starts_at=breaks.FRIDAY + dt.timedelta(days=next(days)))

    def confirmed():
        row = ask()
        bookings.confirm(booking=row, by=by, now=now)
        return row

    made["requested"] = ask()
    made["second choice"] = with_a_second_choice(award, offer, next(days), now)
    made["half of a pair"] = pair(award, offer, next(days), owner, now)
    made["countered"] = ask()
    later = [made["countered"].starts_at + dt.timedelta(hours=hours) for hours in (2, 3)]
    bookings.suggest(booking=made["countered"], starts=later, by=by, now=now)
    made["confirmed"] = confirmed()
    made["declined"] = ask()
    bookings.decline(booking=made["declined"], reason="full", note="Full until Easter.", by=by, now=now)
    made["cancelled"] = confirmed()
    bookings.cancel(booking=made["cancelled"], party="carer", by=breaks.ALYS, now=now, seen_due_pence=0)
    made["delivered"] = confirmed()
    bookings.deliver(booking=made["delivered"], minutes=60, by=by, now=made["delivered"].ends_at)
    made["did not happen"] = confirmed()
    late = made["did not happen"].ends_at
    bookings.did_not_happen(booking=made["did not happen"], party="provider", by=by, now=late)
    made["timed out"] = ask()
    bookings.time_out(booking=made["timed out"], now=made["timed out"].answer_by)
    return {state: row.ref for state, row in made.items()}


def with_a_second_choice(award, offer, days, now):
    """Ask for an hour, and for the hour after it if that cannot be; return the Booking of the first."""
    start = breaks.FRIDAY + dt.timedelta(days=days)
    times = [wanted(offer, start + dt.timedelta(hours=hours)) for hours in (0, 1)]
    return bookings.ask(award=award, parts=[times], by=breaks.ALYS, now=now, key=f"choices {award.pk}")[0]


def pair(award, sitter, days, owner, now):
    """Ask for a swim and a sitter meanwhile, and have both confirmed; return the Booking of the swim."""
    swim = factories.offer(sitter.provider, category=factories.category("swimming"), slug="a-swim")
    parts = [[wanted(each, breaks.FRIDAY + dt.timedelta(days=days))] for each in (swim, sitter)]
    made = bookings.ask(award=award, parts=parts, by=breaks.ALYS, now=now, key=f"pair {award.pk}")
    for each in made:
        bookings.confirm(booking=each, by=Who(user=owner), now=now)
    return made[0]


def wanted(offer, starts_at):
    return bookings.Wanted(offer, starts_at, offer.minutes, offer.prices.first().price_pence)
