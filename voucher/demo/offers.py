"""A provider's offers in the middle of something: further rates, pictures drawn here, a change that waits, a draft."""

import datetime as dt
import io

from django.utils import timezone
from PIL import Image, ImageDraw

from brochure import offering, photos, price_changes
from brochure.models import Category, Offer, OfferPrice
from brochure.prices import Rate
from voucher.door import walk_ins
from voucher.standing import offer_desk

SKY, SUN, FAR, NEAR, WALL, ROOF = "#cfe3ef", "#ffd54a", "#9cc3a5", "#17694a", "#f6efe3", "#9c3b2e"
WIDTH, HEIGHT = 1280, 800
# How long after today one sitting service becomes a little dearer.
NEXT_PRICE_AFTER = dt.timedelta(days=35)


def set_terms(provider, *, by, now):
    """Let all that happens on a day take walk-ins, and one sitting service have further rates; before any story."""
    of_the_day = provider.offers.exclude(unit__in=walk_ins.ALWAYS_BOOKED)
    of_the_day.update(takes_walk_ins=True)
    _give_rates(provider, by=by, now=now)


def tell(provider, *, owner, team, now):
    """Show two pictures, let one more and a change wait, and leave a draft; run again it changes nothing."""
    offers = list(provider.offers.filter(state=Offer.State.LIVE).order_by("number")[:2])
    if not offers or photos.kept(offers[0]):
        return
    first, last = offers[0], offers[-1]
    words = {"alt_en": "A cottage below green hills, in the sun", "alt_cy": "Bwthyn o dan fryniau gwyrdd, yn yr haul"}
    photos.approve(photo=_add(first, _hills(True), owner, now, **words), by=team, now=now)
    words = {"alt_en": "Green hills in the evening", "alt_cy": "Bryniau gwyrdd gyda'r nos"}
    _add(last, _hills(False), owner, now, **words)
    to = {
        "description_en": f"{first.description_en} We ring you the day before, so that you know who comes.".strip(),
        "description_cy": f"{first.description_cy} Byddwn yn eich ffonio'r diwrnod cynt.".strip(),
        "minutes": first.minutes + 30 if first.unit == Offer.Unit.SESSION else first.minutes,
    }
    offering.change(offer=first, to=to, by=owner, now=now)
    know = "Park in front of the house. Ring twice."
    offering.change(offer=first, to={"know_en": know, "free_cancel_hours": 24}, by=owner, now=now)
    offer_desk.refuse(
        version=_boast(last, owner, now),
        reason="Please say what happens, and leave the praise to carers.",
        by=team,
        now=now,
    )
    learning = Category.objects.filter(slug="learning").first() or Category.objects.first()
    texts = {"title_en": "Bread baking for two", "title_cy": "Pobi bara i ddau"}
    offering.make_draft(provider=provider, category=learning, **texts, by=owner, now=now)


def _give_rates(provider, *, by, now):
    """Let one sitting service cost more at weekends and on bank holidays, and a little more from next month on."""
    offer = provider.offers.filter(state=Offer.State.LIVE, unit=Offer.Unit.HOUR).order_by("number").first()
    if offer is None or offer.prices.exclude(rate=Rate.STANDARD).exists():
        return
    standard = offer.prices.filter(rate=Rate.STANDARD).first()
    for rate, quarters in ((Rate.WEEKEND, 5), (Rate.BANK_HOLIDAY, 6)):
        pence = standard.price_pence * quarters // 400 * 100
        OfferPrice.objects.create(offer=offer, rate=rate, price_pence=pence, first_day=standard.first_day)
    dearer, first_day = {Rate.STANDARD: standard.price_pence + 100}, timezone.localdate(now) + NEXT_PRICE_AFTER
    price_changes.propose(offer=offer, rates=dearer, first_day=first_day, by=by, now=now)


def _boast(offer, owner, now):
    offering.change(offer=offer, to={"title_en": f"{offer.title_en or offer.title_cy}: the best"}, by=owner, now=now)
    return offering.waiting_version(offer)


def _add(offer, picture, by, now, **words):
    out = io.BytesIO()
    picture.save(out, "PNG")
    return photos.add(offer=offer, drawn=photos.draw(out.getvalue()), **words, by=by, now=now)


def _hills(by_day):
    """Draw hills with the sun, and by day a cottage."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), SKY if by_day else "#f3c9a5")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((880, 120 if by_day else 330, 1060, 300 if by_day else 510), fill=SUN)
    pen.ellipse((-300, 380, 800, 1200), fill=FAR)
    pen.ellipse((500, 430, 1700, 1300), fill=FAR)
    pen.ellipse((-200, 560, 1500, 1400), fill=NEAR)
    if by_day:
        pen.rectangle((420, 470, 680, 640), fill=WALL)
        pen.polygon([(390, 480), (550, 360), (710, 480)], fill=ROOF)
        pen.rectangle((525, 550, 575, 640), fill=ROOF)
    return picture
