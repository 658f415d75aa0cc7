"""A local copy's offers in the middle of something: pictures drawn here, a change that waits, a draft."""

import io

from PIL import Image, ImageDraw

from brochure import offering, photos
from brochure.models import Category, Offer
from voucher import offer_desk

SKY, SUN, FAR, NEAR, WALL, ROOF = "#cfe3ef", "#ffd54a", "#9cc3a5", "#17694a", "#f6efe3", "#9c3b2e"
WIDTH, HEIGHT = 1280, 800


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
