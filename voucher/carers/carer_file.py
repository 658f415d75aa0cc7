"""Everything held about a carer, as one file for the carer: a page in each language and a list for a computer."""

import datetime as dt
import io
import json
import zipfile
from dataclasses import dataclass

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts import history, wording
from accounts.models import Language, OutboxMessage, User
from brochure.wording import length
from voucher.carers import looks
from voucher.granting import awards
from voucher.messages import writing
from voucher.models import (
    Answers,
    Application,
    Award,
    Booking,
    BreakRequest,
    Choice,
    Circumstance,
    Code,
    Dispute,
    FoundAnew,
    Handover,
    Permission,
    SavedOffer,
    Suggestion,
    TopUp,
    WaitingPlace,
    WalkIn,
    Wish,
)

# What is secret even from the carer, and numbers of rows that say nothing. What names a person of the staff, or a
# helper, is left out too: every key to a User.
LEFT_OUT = {"pin", "digest", "key_id", "council", "fund"}
# Every table with something about a carer, by what leads from its rows to the carer.
TABLES = {
    "awards": (Award, "carer"),
    "codes": (Code, "award__carer"),
    "requests": (BreakRequest, "award__carer"),
    "choices": (Choice, "asked_in__award__carer"),
    "bookings": (Booking, "award__carer"),
    "suggested_times": (Suggestion, "booking__award__carer"),
    "own_money": (TopUp, "booking__award__carer"),
    "disputes": (Dispute, "booking__award__carer"),
    "found_anew": (FoundAnew, "booking__award__carer"),
    "applications": (Application, "award__carer"),
    "circumstances": (Circumstance, "carer"),
    "answers": (Answers, "award__carer"),
    "walk_ins": (WalkIn, "award__carer"),
    "waiting_places": (WaitingPlace, "award__carer"),
    "handovers": (Handover, "booking__award__carer"),
    "wishes": (Wish, "carer"),
    "saved_offers": (SavedOffer, "carer"),
    "helpers": (Permission, "carer"),
}
NAMES = {Language.ENGLISH: "what-we-hold-about-you.html", Language.WELSH: "amdanoch-chi.html"}
OF_A_MESSAGE = ("kind", "channel", "to", "subject", "body", "created_at", "sent_at")


@dataclass(frozen=True)
class Part:
    """One part of the page to read: its title and its rows, each a title with (name, value) pairs."""

    title: str
    rows: list


def make(*, carer, by, now):
    """Return the bytes of a ZIP with all that is held about the carer at this moment; written down, and not kept."""
    history.record(act="carer.file_made", subject=carer, by=by, at=now, council=carer.council)
    seen = list(looks.entries_about(carer))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pages:
        for language, name in NAMES.items():
            with translation.override(language):
                pages.writestr(name, page(carer, seen, now))
        pages.writestr("data.json", json.dumps(data(carer, seen), cls=DjangoJSONEncoder, indent=1, ensure_ascii=False))
    return file.getvalue()


def page(carer, seen, now):
    """Return the page to read, as HTML in the active language."""
    parts = [part for part in _parts(carer, seen) if part.rows]
    return render_to_string("my/data_file.html", {"carer": carer, "parts": parts, "now": now})


def data(carer, seen):
    """Return all rows as plain values by table, names of fields as the programme knows them."""
    held = {"carer": _row(carer)}
    for name, (model, to_carer) in TABLES.items():
        held[name] = [_row(row) for row in model.objects.filter(**{to_carer: carer}).order_by("pk")]
    held["movements"] = [
        {"award": award.ref, "on": line.on, "words": line.words, "amount": line.amount, "left_after": line.left_after}
        for award in _awards(carer)
        for line in awards.statement(award)
    ]
    held["messages"] = list(_messages(carer).values(*OF_A_MESSAGE))
    told = looks.told(seen, carer)
    held["looks"] = [{"at": look.at, "who": look.who, "what": look.what, "about": look.about} for look in told]
    return held


def _row(row):
    """Return a row's own values; a key to another row as its number, where that row is the carer's too."""
    fields = [field for field in row._meta.concrete_fields if field.related_model is not User]
    return {field.name: field.value_from_object(row) for field in fields if field.name not in LEFT_OUT}


def _awards(carer):
    return Award.objects.filter(carer=carer).select_related("account").order_by("pk")


def _messages(carer):
    mine = Q(reader=writing.reader(carer))
    if carer.email:
        # Two carers of a household may share an address, and not what is written to them.
        mine |= Q(to__iexact=carer.email) & ~Q(reader__startswith=writing.READER)
    # Codes that were sent to sign in are nothing to keep, and the text of a message may be gone already.
    return OutboxMessage.objects.filter(mine).exclude(kind__in=["login_code", "address_code"]).order_by("pk")


def _parts(carer, seen):
    yield Part(_("You"), [(str(carer), _about(carer))])
    rows = list(_awards(carer))
    yield Part(_("Your awards"), [(award.ref, _about_award(award)) for award in rows])
    lines = [(award, line) for award in rows for line in awards.statement(award)]
    yield Part(_("Every movement"), [_movement(award, line) for award, line in lines])
    bookings = Booking.objects.filter(award__carer=carer).select_related("offer", "provider", "award__account")
    yield Part(_("Your bookings"), [(booking.ref, _about_booking(booking)) for booking in bookings])
    yield from _said(carer)
    yield Part(_("Who may act for you"), [_permission(row) for row in Permission.objects.filter(carer=carer)])
    messages = _messages(carer)
    yield Part(_("What we wrote to you"), [(row.subject, _pairs((_("Day"), _day(row.created_at)))) for row in messages])
    told = looks.told(seen, carer)
    yield Part(_("Who looked"), [(look.who, [(_day(look.at), f"{look.what} {look.about}".strip())]) for look in told])


def _about(carer):
    return _pairs(
        (_("Address"), ", ".join(filter(None, (carer.address, carer.town, carer.postcode)))),
        (_("E-mail"), carer.email),
        (_("Telephone"), carer.phone),
        (_("Language"), carer.get_language_display()),
        (_("Print"), carer.get_print_size_display()),
        (_("How we write"), carer.get_contact_by_display()),
        (_("PIN"), _("You have one") if carer.pin else _("You have none")),
        (_("The code works only with your sign-in since"), _day(carer.code_bound_at)),
        (_("We keep silent since"), _day(carer.quiet_since)),
    )


def _about_award(award):
    return _pairs(
        (_("Amount"), wording.amount(award.value, award.unit)),
        (_("Left to use"), wording.amount(award.account.available, award.unit)),
        (_("First day"), wording.day(award.account.first_day, "long")),
        (_("Last day"), wording.day(award.account.last_day, "long")),
        (_("Assessment"), award.assessment_ref),
        (_("Day of the assessment"), wording.day(award.assessment_date, "long")),
    )


def _movement(award, line):
    words = (line.words, wording.amount(line.amount, award.unit, exact=True))
    return f"{award.ref}, {wording.day(line.on, 'long')}", [words]


def _about_booking(row):
    return _pairs(
        (_("What"), row.offer.title),
        (_("Who"), row.provider.name),
        (_("When"), capfirst(wording.span(row.starts_at, row.ends_at))),
        (_("How long"), length(row.minutes, row.offer.unit, row.unit_minutes)),
        (_("Price"), wording.money(row.price_pence)),
        (_("How it stands"), row.get_state_display()),
        (_("Why it was not given"), row.get_not_given_display()),
        (_("What you told them"), row.note),
    )


def _said(carer):
    """What the carer said or asked for in their own words and ticks."""
    asked = Application.objects.filter(award__carer=carer)
    yield Part(
        _("What you asked the carers team"),
        [
            (row.get_kind_display(), _pairs((row.get_reason_display(), row.words or "–"), (_("Answer"), row.answer)))
            for row in asked
        ],
    )
    asked = WalkIn.objects.filter(award__carer=carer).select_related("offer", "provider")
    title = _("What providers asked you for without a booking")
    yield Part(title, [(row.provider.name, [(_day(row.asked_at), _about_walk_in(row))]) for row in asked])
    waits = WaitingPlace.objects.filter(award__carer=carer).select_related("offer")
    title = _("What you waited for on a booked-out day")
    yield Part(title, [(row.offer.title, [(_day_of(row.day), row.get_state_display())]) for row in waits])
    asked = Handover.objects.filter(booking__award__carer=carer).select_related("booking", "offer__provider")
    title = _("Breaks that another provider could take over")
    yield Part(title, [(row.booking.ref, [(row.offer.provider.name, row.get_state_display())]) for row in asked])
    wishes = Wish.objects.filter(carer=carer)
    yield Part(_("Your wishes"), [(row.get_theme_display(), [(_day(row.made_at), row.words)]) for row in wishes])
    saved = SavedOffer.objects.filter(carer=carer).select_related("offer")
    yield Part(_("Offers you saved"), [(row.offer.title, [(_("Day"), _day(row.saved_at))]) for row in saved])
    answers = Answers.objects.filter(award__carer=carer)
    yield Part(_("Your answers"), [(row.get_moment_display(), _about_answers(row)) for row in answers])
    changes = Circumstance.objects.filter(carer=carer)
    yield Part(
        _("Changes you told us"),
        [(row.get_kind_display(), _about_change(row)) for row in changes],
    )
    disputes = Dispute.objects.filter(booking__award__carer=carer).select_related("booking")
    yield Part(_("What you said was not so"), [(row.booking.ref, [(_day(row.made_at), row.words)]) for row in disputes])


def _about_walk_in(row):
    return f"{row.offer.title}, {wording.money(row.price_pence)}: {row.get_state_display()}"


def _about_change(row):
    day = (_("Day"), wording.day(row.happened_on, "long"))
    return _pairs(day, (_("Taken back as a mistake"), _day(row.undone_at)))


def _about_answers(row):
    return _pairs(
        (_("Rested, from 1 to 5"), row.rested),
        (_("In control, from 1 to 5"), row.in_control),
        (_("Able to carry on, from 1 to 5"), row.able_to_carry_on),
    )


def _permission(row):
    days = {"first": wording.day(row.first_day, "long"), "last": wording.day(row.last_day, "long")}
    return row.get_kind_display(), [(_("Days"), _("From %(first)s to %(last)s") % days)]


def _pairs(*pairs):
    return [(name, value) for name, value in pairs if value not in ("", None)]


def _day_of(day: dt.date):
    return wording.day(day, "long")


def _day(moment: dt.datetime | None):
    return wording.day(timezone.localdate(moment), "long") if moment else ""
