"""The people and things of the journeys, with days counted from today: a browser knows no other day."""

import datetime as dt
from types import SimpleNamespace

from django.utils import timezone

from accounts.models import Role
from tests import factories
from voucher.granting import awards
from voucher.models import Booking

PASSWORD = "a-long-enough-password"
SECRET = "JBSWY3DPEHPK3PXP"


def make(language):
    """Make a council, a provider with three offers, staff, and an award of £300 with its code."""
    now, today = timezone.now(), timezone.localdate()
    council = factories.council()
    cafe = factories.provider(council, language=language, speaks_welsh=True, insurance_until=dt.date(2099, 12, 31))
    ffion = factories.user("ffion@council.example", name="Ffion", role="finance_preparer", council=council)
    # She could release runs as well, but never her own.
    Role.objects.create(user=ffion, council=council, kind=Role.Kind.FINANCE_APPROVER)
    factories.user("gwen@council.example", name="Gwen", role="finance_approver", council=council)
    factories.provider_staff(cafe, "bryn@provider.example", name="Bryn")
    stay, trip = factories.category(), factories.category("day-trip", name_en="Day trip", name_cy="Taith undydd")
    sitting = factories.offer(cafe, category=stay, slug="sitting-at-home")
    factories.offer(
        cafe,
        category=trip,
        slug="a-day-by-the-sea",
        title_en="A day by the sea",
        title_cy="Diwrnod ar lan y môr",
        description_en="Out by minibus, with company and lunch.",
        description_cy="Mewn bws mini, gyda chwmni a chinio.",
        unit="session",
        minutes=360,
        price_pence=4000,
    )
    factories.offer(
        cafe,
        category=stay,
        slug="a-whole-evening",
        title_en="A whole evening",
        title_cy="Noson gyfan",
        description_en="Someone stays until late.",
        description_cy="Mae rhywun yn aros tan yn hwyr.",
        price_pence=99_000,
    )
    carer = factories.carer(council, language=language)
    award = factories.award(
        council,
        carer_row=carer,
        first_day=today - dt.timedelta(days=30),
        now=now - dt.timedelta(days=30),
    )
    code = awards.new_code(award=award, by=factories.TESTS, now=now)
    return SimpleNamespace(council=council, provider=cafe, sitting=sitting, award=award, code=code)


def let_a_break_pass(ref):
    """Move a booking back by whole weeks until it is over: the one thing here that no press of a button can do."""
    booking = Booking.objects.get(ref=ref)
    weeks = dt.timedelta(weeks=(booking.ends_at - timezone.now()).days // 7 + 1)
    Booking.objects.filter(ref=ref).update(starts_at=booking.starts_at - weeks, ends_at=booking.ends_at - weeks)
