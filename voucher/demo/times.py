"""A provider's times: a course, a holiday, a booked-out day with somebody waiting."""

import datetime as dt

from django.utils import timezone

from accounts.history import Who
from brochure import availability
from brochure.models import Category, Offer, OfferPrice
from brochure.opening import other_days_text
from voucher import bookings
from voucher.bookings import waiting_list
from voucher.demo import asked
from voucher.models import Award

BY = Who(label="make_demo_people")
REF, SWIM_REF = "DEMO-COURSE", "DEMO-SWIM"
SESSIONS, SESSION_MINUTES, COURSE_PENCE, SWIM_PENCE = 4, 120, 6_000, 1_200
STARTS_IN, CLOSED_IN, CLOSED_FOR = dt.timedelta(days=21), dt.timedelta(days=30), 4
COURSE = {
    "title_en": "Willow plaiting for beginners",
    "title_cy": "Plethu helyg i ddechreuwyr",
    "description_en": "Four mornings in a small group. You take a basket home.",
    "description_cy": "Pedwar bore mewn grŵp bach. Byddwch chi’n mynd â basged adref.",
}
SWIM = {
    "title_en": "A quiet swim on Saturday",
    "title_cy": "Nofio tawel ar ddydd Sadwrn",
    "description_en": "The small pool for one carer at a time.",
    "description_cy": "Y pwll bach i un gofalwr ar y tro.",
}


def tell(council, provider, *, waits, now):
    """Make the course and the booked-out day once, and let the award `waits` wait for it, where there is one."""
    if Offer.objects.filter(ref=REF).exists():
        return
    today = timezone.localdate(now)
    closed = dict.fromkeys((today + CLOSED_IN + dt.timedelta(days=ahead) for ahead in range(CLOSED_FOR)), ())
    other_days = other_days_text(closed)
    tuesday = today + STARTS_IN + dt.timedelta(days=(1 - today.weekday()) % 7)
    runs = [[tuesday + dt.timedelta(weeks=run + week) for week in range(SESSIONS)] for run in (0, SESSIONS + 2)]
    _offer(
        provider,
        REF,
        COURSE,
        COURSE_PENCE,
        today,
        unit=Offer.Unit.COURSE,
        minutes=SESSIONS * SESSION_MINUTES,
        sessions=SESSIONS,
        courses="; ".join(", ".join(f"{day} 10:00" for day in run) for run in runs),
        hours="Tue 10:00-12:00",
        places=6,
    )
    swim = _offer(
        provider,
        SWIM_REF,
        SWIM,
        SWIM_PENCE,
        today,
        unit=Offer.Unit.SESSION,
        minutes=60,
        hours="Sat 09:00-10:00",
        other_days=other_days,
        buffer_minutes=30,
        has_waiting_list=True,
    )
    _book_out(council, swim, waits, now)


def _offer(provider, ref, words, price_pence, today, **times):
    number = Offer.objects.order_by("-number").values_list("number", flat=True).first() + 1
    category = Category.objects.filter(slug="wellbeing").first() or Category.objects.first()
    row = Offer.objects.create(
        ref=ref,
        provider=provider,
        category=category,
        slug=ref.lower(),
        number=number,
        notice_hours=24,
        **words,
        **times,
    )
    OfferPrice.objects.create(offer=row, price_pence=price_pence, first_day=today)
    return row


def _book_out(council, swim, waits, now):
    """Let one carer have the next Saturday but one, and the other wait for it."""
    awards = Award.objects.filter(council=council, account__state="active", account__available__gte=SWIM_PENCE)
    awards = awards.filter(bookings=None).select_related("account", "carer", "council")
    first = awards.exclude(pk=waits and waits.pk).order_by("-pk").first()
    days = availability.free_days(swim, now)
    if first is None or waits is None or len(days) < 2:
        return
    start = days[1].starts[0]
    try:
        asked.book(first, swim, start, swim.minutes, by=BY, now=now)
        waiting_list.join(award=waits, offer=swim, day=days[1].day, minutes=swim.minutes, by=BY, now=now)
    except bookings.Refused:
        # An award that cannot have it shows nothing.
        return
