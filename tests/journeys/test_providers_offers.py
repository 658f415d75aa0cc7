"""What a provider does with its offers, through the pages: VAT by day, a donated night, changes that wait, photos."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from brochure import offering, photos
from brochure.models import Offer, OfferVersion, Photo
from tests import factories
from tests.brochure.test_photos import file_of, picture
from tests.voucher.breaks import ALYS, FRIDAY, ask
from voucher import bookings
from voucher.claiming import claims
from voucher.ledger import audit
from voucher.models import Booking, ClaimLine

pytestmark = pytest.mark.django_db


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def as_bryn(bryn, clock):
    return signed_in(bryn)


@pytest.fixture
def as_carys(carys, clock):
    return signed_in(carys)


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, price_pence=6000)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


def edit(client, offer, part, **to):
    """Fill in one part as the page shows it, with something changed, and save it."""
    address = reverse("provider:edit_offer", args=[offer.number, part])
    form = client.get(address).context["form"]
    data = {name: form[name].value() for name in form.fields} | to
    data = {name: value for name, value in data.items() if value not in (None, False)}
    return client.post(address, data, follow=True)


def words_of(page):
    return page.content.decode()


def test_a_new_offer_in_short_steps_is_sent_agreed_and_found(as_bryn, as_carys, bryn_cafe, clock, now):
    category = factories.category("learning")
    clock.now = now
    page = as_bryn.post(
        reverse("provider:new_offer"),
        {"category": category.slug, "title_cy": "Te a sgwrs", "description_cy": "Paned mewn cwmni da."},
    )
    draft = Offer.objects.get()
    address = page["Location"]
    steps = [
        {"unit": "session", "length": 90, "price": "7.50"},
        {"hours": "Tue,Thu 10:00-15:00", "notice_hours": 24},
        {"dbs_level": "none"},
        {"places": 6, "know_cy": "Parciwch wrth y capel.", "access": ["step-free"], "takes_walk_ins": "on"},
        {"free_cancel_hours": 24},
    ]
    for step in steps:
        assert address.endswith("?step=1")
        assert as_bryn.get(address).status_code == 200
        address = as_bryn.post(address, step)["Location"]
    assert address == reverse("provider:offer", args=[draft.number])
    assert "Ready to send" in words_of(as_bryn.get(address))
    # Nobody else sees a draft.
    assert Client().get(draft.get_absolute_url()).status_code == 404
    assert Client().get(reverse("printed_offer", args=[draft.number])).status_code == 404

    as_bryn.post(reverse("provider:send_offer", args=[draft.number]))
    desk = reverse("team:offer", args=[draft.number])
    assert "Te a sgwrs" in words_of(as_carys.get(reverse("team:offers")))
    version = OfferVersion.objects.get()
    as_carys.post(desk, {"version": version.pk, "says": "yes"})

    live = Client().get(draft.get_absolute_url())
    assert live.status_code == 200
    assert "The provider has described this in Welsh only." in words_of(live)
    assert "Parciwch wrth y capel." in words_of(live)
    assert "Cancel up to 24 hours before" in words_of(live)
    assert "You may come without booking." in words_of(live)
    told = OutboxMessage.objects.get(kind="offer_agreed")
    assert told.to == bryn_cafe.email and draft.get_absolute_url() in told.body


def test_a_change_waits_while_the_brochure_goes_on(as_bryn, as_carys, sitting, award, now):
    edit(as_bryn, sitting, "words", title_en="Company at home")
    edit(as_bryn, sitting, "know", know_en="Ring twice.")

    public = words_of(Client().get(sitting.get_absolute_url()))
    assert "Sitting at home" in public and "Company at home" not in public
    assert "Ring twice." in public
    # A carer asks by what she sees, and the booking keeps it.
    booked = ask(award, Offer.objects.get(), now)
    assert booked.offer_version.content["title_en"] == "Sitting at home"

    desk = reverse("team:offer", args=[sitting.number])
    page = words_of(as_carys.get(desk))
    assert "Sitting at home" in page and "Company at home" in page
    waiting = offering.waiting_version(sitting)
    as_carys.post(desk, {"version": waiting.pk, "says": "yes"})

    assert "Company at home" in words_of(Client().get(sitting.get_absolute_url()))
    booked.refresh_from_db()
    assert booked.offer_version.content["title_en"] == "Sitting at home"
    assert booked.offer_version.state == OfferVersion.State.REPLACED


def test_a_refused_change_comes_back_with_its_reason(as_bryn, as_carys, bryn_cafe, sitting):
    edit(as_bryn, sitting, "words", title_en="The best sitters in Wales")
    desk = reverse("team:offer", args=[sitting.number])
    waiting = offering.waiting_version(sitting)

    assert "Write why" in words_of(as_carys.post(desk, {"version": waiting.pk, "says": "no"}))
    as_carys.post(desk, {"version": waiting.pk, "says": "no", "reason": "No praise in titles, please."})

    page = words_of(as_bryn.get(reverse("provider:offer", args=[sitting.number])))
    assert "No praise in titles, please." in page
    assert "Sitting at home" in words_of(Client().get(sitting.get_absolute_url()))
    told = OutboxMessage.objects.get(kind="offer_refused")
    assert (told.to, told.language) == (bryn_cafe.email, "en") and "No praise in titles, please." in told.body


def test_what_was_changed_while_the_team_looked_is_not_agreed_to(as_bryn, as_carys, sitting):
    edit(as_bryn, sitting, "words", title_en="Company at home")
    seen = offering.waiting_version(sitting)
    edit(as_bryn, sitting, "words", title_en="Company by day")

    page = as_carys.post(reverse("team:offer", args=[sitting.number]), {"version": seen.pk, "says": "yes"}, follow=True)

    assert "It was changed or answered while you looked" in words_of(page)
    sitting.refresh_from_db()
    assert sitting.title_en == "Sitting at home"


def test_what_is_missing_is_told_to_both_sides(as_bryn, as_carys, sitting):
    edit(as_bryn, sitting, "care", personal_care="on", dbs_level="barred")
    waiting = offering.waiting_version(sitting)
    sentence = "Personal care: give your number with Care Inspectorate Wales, or ask for an exemption."
    desk = reverse("team:offer", args=[sitting.number])
    for page in (as_bryn.get(reverse("provider:offer", args=[sitting.number])), as_carys.get(desk)):
        assert sentence in words_of(page)

    page = as_carys.post(desk, {"version": waiting.pk, "says": "yes"}, follow=True)

    assert "Something is missing before carers may see it." in words_of(page)
    sitting.refresh_from_db()
    assert not sitting.personal_care


def test_p11_a_provider_registers_for_vat_in_the_middle_of_a_month(
    as_bryn, bryn_cafe, bryn, caerphilly, clock, award, now
):
    """Lines of breaks before the day have no VAT, lines from the day on have: by service date."""
    sitting = factories.offer(bryn_cafe, price_pence=6000)
    swim = factories.offer(bryn_cafe, price_pence=6000, vat_treatment="exempt")
    thursday, friday = dt.datetime(2026, 10, 15, 9, tzinfo=dt.UTC), dt.datetime(2026, 10, 16, 9, tzinfo=dt.UTC)
    wanted = [(sitting, thursday), (sitting, friday), (swim, friday + dt.timedelta(hours=3))]
    by, given = Who(user=bryn), []
    for offer, starts_at in wanted:
        booking = bookings.make(
            **{"award": award, "offer": offer, "starts_at": starts_at, "minutes": 60, "seen_price_pence": 6000},
            **{"by": ALYS, "now": now, "key": f"{offer.pk}-{starts_at}"},
        )
        bookings.confirm(booking=booking, by=by, now=now)
        bookings.deliver(booking=booking, minutes=60, by=by, now=booking.ends_at)
        given.append(booking)

    clock.now = friday + dt.timedelta(days=3)
    said = {"vat_treatment": "standard", "vat_number": "GB 123 456 789"}
    first_day = {"vat_from_day": "16", "vat_from_month": "10", "vat_from_year": "2026"}
    as_bryn.post(reverse("provider:vat"), said | first_day)
    claims.make(
        **{"provider": bryn_cafe, "council": caerphilly, "bookings": given},
        **{"by": by, "now": clock.now, "key": "claim-1"},
    )

    lines = ClaimLine.objects.order_by("booking__starts_at").values_list("amount_pence", "vat_pence")
    assert list(lines) == [(6000, 0), (6000, 1000), (6000, 0)]
    assert HistoryEntry.objects.get(act="provider.vat_changed").details["from"] == "2026-10-16"
    assert audit.differences() == [] and claims.differences() == []


def test_vat_needs_a_number_and_days_in_order(as_bryn, bryn_cafe):
    page = as_bryn.post(reverse("provider:vat"), {"vat_treatment": "standard"})
    assert "Enter your VAT number" in words_of(page)
    # Without the day, what was given before it and is not claimed yet would have VAT too.
    assert "Enter the first day of your registration" in words_of(page)
    days = {"vat_from_day": "2", "vat_from_month": "11", "vat_from_year": "2026"}
    days |= {"vat_until_day": "1", "vat_until_month": "11", "vat_until_year": "2026"}
    page = as_bryn.post(reverse("provider:vat"), {"vat_treatment": "zero", **days})

    assert "The last day is before the first" in words_of(page)
    bryn_cafe.refresh_from_db()
    assert bryn_cafe.vat_treatment == "not registered"


def test_p14_a_donated_offer_uses_no_balance_and_is_a_break(as_bryn, as_carys, bryn, bryn_cafe, award, clock, now):
    """A hotel gives a night: £0, no balance used, nothing to claim, and still counted as a break."""
    category = factories.category("overnight", name_en="Overnight")
    as_bryn.post(
        reverse("provider:new_offer"),
        {"category": category.slug, "title_en": "A night by the sea", "description_en": "A room and breakfast."},
    )
    hotel = Offer.objects.get()
    edit(as_bryn, hotel, "length", unit="night", price="0")
    edit(as_bryn, hotel, "when", hours="Mon-Sun 14:00-22:00", notice_hours=24)
    as_bryn.post(reverse("provider:send_offer", args=[hotel.number]))
    version = OfferVersion.objects.get()
    as_carys.post(reverse("team:offer", args=[hotel.number]), {"version": version.pk, "says": "yes"})
    hotel.refresh_from_db()
    assert (hotel.state, hotel.minutes) == ("live", 1440)

    starts_at = dt.datetime(2026, 10, 16, 14, tzinfo=dt.UTC)
    booking = bookings.make(
        **{"award": award, "offer": hotel, "starts_at": starts_at, "minutes": 1440, "seen_price_pence": 0},
        **{"by": ALYS, "now": now, "key": "night-1"},
    )
    by = Who(user=bryn)
    bookings.confirm(booking=booking, by=by, now=now)
    bookings.deliver(booking=booking, minutes=1440, by=by, now=booking.ends_at)

    award.account.refresh_from_db()
    booking.refresh_from_db()
    assert (award.account.available, booking.hold, booking.amount) == (40_000, None, 0)
    assert not claims.ready(bryn_cafe).exists()
    assert booking.state == Booking.State.DELIVERED in Booking.GIVEN
    assert audit.differences() == [] and claims.differences() == []


def test_kinder_terms_are_told_kept_on_the_booking_and_count(as_bryn, sitting, award, now, bryn):
    edit(as_bryn, sitting, "terms", free_cancel_hours=12, late_cancel_percent=25)
    sitting.refresh_from_db()
    booking = ask(award, sitting, now)
    bookings.confirm(booking=booking, by=Who(user=bryn), now=now)
    edit(as_bryn, sitting, "terms", free_cancel_hours="", late_cancel_percent="")

    assert (booking.free_cancel_hours, booking.late_cancel_percent) == (12, 25)
    late = booking.starts_at - dt.timedelta(hours=11)
    assert bookings.cost_of_cancelling(booking, late).due_pence == booking.price_pence // 4
    # Less kind than before goes past the carers team, so until then the kinder terms hold.
    assert ask(award, Offer.objects.get(), now, starts_at=FRIDAY + dt.timedelta(hours=5)).free_cancel_hours == 12


def test_terms_that_are_stricter_than_the_councils_cannot_be_chosen(as_bryn, sitting):
    address = reverse("provider:edit_offer", args=[sitting.number, "terms"])

    page = as_bryn.post(address, {"free_cancel_hours": 72, "late_cancel_percent": 100})

    assert page.status_code == 200 and page.context["form"].errors.keys() == {
        "free_cancel_hours",
        "late_cancel_percent",
    }


def test_hidden_shown_and_withdrawn_with_a_warning(as_bryn, sitting, award, now):
    booking = ask(award, sitting, now)
    public = sitting.get_absolute_url()

    as_bryn.post(reverse("provider:hide_offer", args=[sitting.number]))
    assert Client().get(public).status_code == 404
    as_bryn.post(reverse("provider:show_offer", args=[sitting.number]))
    assert Client().get(public).status_code == 200
    withdraw = reverse("provider:withdraw_offer", args=[sitting.number])
    assert "1 break is asked for or booked" in words_of(as_bryn.get(withdraw))
    as_bryn.post(withdraw)
    again = as_bryn.post(withdraw, follow=True)

    assert "That cannot be done now" in words_of(again)
    assert Client().get(public).status_code == 404
    booking.refresh_from_db()
    assert booking.state == Booking.State.REQUESTED


def add_photo(client, offer, content=None, **alt):
    content = file_of(picture(640, 480)) if content is None else content
    file = SimpleUploadedFile("../../etc/photo.php", content, content_type="text/html")
    return client.post(reverse("provider:offer_photos", args=[offer.number]), {"photo": file, **alt}, follow=True)


def test_a_photo_is_seen_by_nobody_else_until_the_team_agrees(as_bryn, as_carys, sitting, flintshire):
    add_photo(as_bryn, sitting, alt_en="Two people plant beans")
    photo = Photo.objects.get()
    small = reverse("photo", args=[photo.key, "small"])
    other = signed_in(factories.user("huw@council.example", role="team", council=flintshire))
    rival = signed_in(factories.provider_staff(factories.provider(sitting.provider.council), "rival@provider.example"))
    assert [client.get(small).status_code for client in (Client(), other, rival)] == [404, 404, 404]
    for client in (as_bryn, as_carys):
        mine = client.get(small)
        assert (mine.status_code, mine["Cache-Control"]) == (200, "private, no-store")
    assert photo.key not in words_of(Client().get(sitting.get_absolute_url()))

    as_carys.post(reverse("team:offer_photo", args=[sitting.number, photo.pk]), {"says": "yes"})

    shown = Client().get(small)
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    assert "immutable" in shown["Cache-Control"] and shown["X-Content-Type-Options"] == "nosniff"
    assert shown.content == bytes(Photo.objects.get().small)
    page = words_of(Client().get(sitting.get_absolute_url()))
    assert small in page and "Two people plant beans" in page
    card = words_of(Client().get(reverse("category", args=["sitting"])))
    assert f'src="{small}" alt="Two people plant beans" width="480" height="270" loading="lazy"' in card

    as_bryn.post(reverse("provider:change_photo", args=[sitting.number, photo.pk]), {"do": "remove"})
    assert Client().get(small).status_code == 404


def test_a_photo_without_words_or_that_is_none_is_sent_back(as_bryn, sitting):
    without_words = words_of(add_photo(as_bryn, sitting))
    assert "Say what the photo shows" in without_words and "Choose the photo once more" in without_words
    page = add_photo(as_bryn, sitting, b"<svg><script>alert(1)</script></svg>", alt_en="A garden")
    assert "This is not a JPEG, PNG or WebP photo." in words_of(page)
    assert not Photo.objects.exists()


def test_a_refused_photo_comes_back_with_its_reason(as_bryn, as_carys, sitting):
    add_photo(as_bryn, sitting, alt_cy="Wyneb")
    photo = Photo.objects.get()
    address = reverse("team:offer_photo", args=[sitting.number, photo.pk])
    as_carys.post(address, {"says": "no"})
    assert Photo.objects.get().state == Photo.State.WAITING

    as_carys.post(address, {"says": "no", "reason": "A person can be recognised."})

    assert "A person can be recognised." in words_of(
        as_bryn.get(reverse("provider:offer_photos", args=[sitting.number]))
    )
    assert "A person can be recognised." in OutboxMessage.objects.get(kind="photo_refused").body


def test_typical_awards_are_shown_while_pricing_only_of_ten_or_more(as_bryn, caerphilly, bryn_cafe):
    fund = factories.fund(caerphilly)
    sitting = factories.offer(bryn_cafe, price_pence=2500)
    for _number in range(9):
        factories.award(caerphilly, fund_row=fund, value=40_000)
    page = reverse("provider:offer", args=[sitting.number])
    draft = factories.offer(bryn_cafe, state="draft")
    step = reverse("provider:edit_offer", args=[draft.number, "length"])
    assert "typical award" not in words_of(as_bryn.get(page))
    assert "£400" not in words_of(as_bryn.get(step))

    factories.award(caerphilly, fund_row=fund, value=40_000)

    assert "Of a typical award of £400 this is 16 hours." in words_of(as_bryn.get(page))
    assert "Awards that many carers here have: £400." in words_of(as_bryn.get(step))
    prices = reverse("provider:prices", args=[sitting.number])
    assert "Of a typical award of £400 this is 16 hours." in words_of(as_bryn.get(prices))
    later = timezone.localdate() + dt.timedelta(days=60)
    day = {"first_day_day": later.day, "first_day_month": later.month, "first_day_year": later.year}
    asked = as_bryn.post(prices, {"standard": "401"} | day)
    assert "This is more than a typical award of £400 pays for." in words_of(asked)


def test_another_providers_offers_are_not_there(as_bryn, caerphilly):
    theirs = factories.offer(factories.provider(caerphilly, name="Siop"))
    for name in ("offer", "withdraw_offer", "offer_photos"):
        assert as_bryn.get(reverse(f"provider:{name}", args=[theirs.number])).status_code == 404
    for name in ("send_offer", "take_back", "hide_offer", "show_offer", "withdraw_offer"):
        assert as_bryn.post(reverse(f"provider:{name}", args=[theirs.number])).status_code == 404
    assert as_bryn.post(reverse("provider:edit_offer", args=[theirs.number, "words"]), {}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.state == "live"


def test_another_councils_offers_are_not_the_teams_to_answer(as_carys, flintshire, now):
    theirs = factories.offer(factories.provider(flintshire))
    offering.change(offer=theirs, to={"title_en": "Elsewhere"}, by=Who(label="tests"), now=now)

    assert as_carys.get(reverse("team:offer", args=[theirs.number])).status_code == 404
    assert "Elsewhere" not in words_of(as_carys.get(reverse("team:offers")))


def test_lists_ask_as_much_for_one_offer_as_for_many(as_bryn, as_carys, bryn_cafe, sitting, now):
    by = Who(label="tests")
    drawn = photos.draw(file_of(picture(480, 360)))

    def make(offer):
        offering.change(offer=offer, to={"title_en": "New"}, by=by, now=now)
        photos.approve(photo=photos.add(offer=offer, drawn=drawn, alt_en="A", by=by, now=now), by=by, now=now)
        photos.add(offer=offer, drawn=drawn, alt_en="B", by=by, now=now)

    def queries():
        counted = []
        for client, page in ((as_bryn, "provider:offers"), (as_carys, "team:offers"), (Client(), "brochure")):
            client.get(reverse(page))
            with CaptureQueriesContext(connection) as asked:
                assert client.get(reverse(page)).status_code == 200
            counted.append(len(asked))
        return counted

    make(sitting)
    one = queries()
    for _number in range(5):
        make(factories.offer(bryn_cafe))

    assert queries() == one
