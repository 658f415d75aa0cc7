"""The words in which a row of the history is shown: who did what, to what, for whom, and its details."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import wording
from accounts.models import Role
from brochure.models import Exemption
from providers.models import DbsCheck, Document, Provider, Staff
from voucher.carers import identity
from voucher.claiming.claims import LateReason
from voucher.granting.award_changes import ChangeReason
from voucher.models import Application, Award, Booking, Circumstance, Permission, RunFile, Task
from voucher.views import history_settings
from voucher.views.history_acts import ACTS, SUBJECTS

DETAILS = {
    "agreed": _("agreed"),
    "allocated": _("given to the fund"),
    "application": _("question"),
    "cancelled": _("bookings cancelled"),
    "amount": _("amount, in pence or minutes"),
    "award": _("award"),
    "claim": _("claim"),
    "cost_code": _("cost code"),
    "due_pence": _("due"),
    "in_question_pence": _("in question"),
    "edition": _("edition"),
    "ends_in": _("ends in"),
    "call_back": _("how we made sure"),
    "facts": _("what was asked"),
    "fields": _("fields"),
    "first_day": _("first day"),
    "from": _("from"),
    "keys": _("what was changed"),
    "photo": _("photo"),
    "treatment": _("VAT"),
    "version": _("version"),
    "kind": _("kind"),
    "left_out": _("left out"),
    "last_day": _("last day"),
    "level": _("level"),
    "late_reason": _("why it was late"),
    "lines": _("lines"),
    "minutes": _("minutes"),
    "forgot_address": _("forgot e-mail address"),
    "noted_address": _("new e-mail address"),
    "number": _("number"),
    "pay_on": _("payment day"),
    "pence": _("sum"),
    "permission": _("permission"),
    "price_pence": _("price"),
    "rates": _("prices"),
    "provider": _("provider"),
    "reason": _("reason"),
    "ref": _("number"),
    "right": _("right"),
    "role": _("as"),
    "run": _("payment run"),
    "second_factor": _("second step"),
    "offer": _("offer"),
    "offers": _("offers"),
    "pause": _("pause"),
    "point": _("point"),
    "step": _("step"),
    "theme": _("theme"),
    "total_pence": _("sum"),
    "type": _("kind"),
    "until": _("until"),
    "user": _("person"),
    "value": _("amount, in pence or minutes"),
}

# What is stored as a word of the programme and read as a word of the office.
VALUES = (
    {"totp": _("app"), "webauthn": _("passkey")}
    | dict(Provider.PauseReason.choices)
    | dict(Task.Kind.choices)
    | dict(Role.Kind.choices)
    | dict(Staff.Kind.choices)
    | dict(Booking.DeclineReason.choices)
    | dict(LateReason.choices)
    | dict(Application.Reason.choices)
    | dict(Application.Kind.choices)
    | dict(Circumstance.Kind.choices)
    | dict(ChangeReason.choices)
    | dict(RunFile.Kind.choices)
    | dict(Permission.Kind.choices)
    | dict(Document.Kind.choices)
    | dict(DbsCheck.Level.choices)
    | dict(Exemption.Duty.choices)
    | dict(identity.FACTS)
    | dict(identity.CALL_BACKS)
)

# What people know by another number than the one it is stored under.
REFERENCES = {"award": Award, "booking": Booking}

LABELS = {
    "card company": _("The card company"),
    "clock": _("The clock"),
    "command line": _("The command line"),
    "own address": _("The carer, with an e-mail address that was proved"),
    "load_pilot": _("The loading of files"),
    "print_vouchers": _("The printing of vouchers"),
    "make_demo_people": _("The demonstration"),
    "link in a message": _("Someone with the link in a message to the provider"),
    "visitor": _("Someone without a code"),
}


def act(entry):
    """Return what was done, in words; an act that has none yet is shown as it is stored."""
    return ACTS.get(entry.act, entry.act)


def actor(entry):
    """Return who did it."""
    if entry.actor_id:
        return str(entry.actor)
    kind, _space, end = entry.actor_label.partition(" ")
    if kind == "code":
        return gettext("The holder of the code ending in %(end)s") % {"end": end}
    return str(LABELS.get(entry.actor_label, entry.actor_label))


def references(entries):
    """Return the references of the awards and bookings that these rows are about, in one query for each kind."""
    found = {}
    for kind, model in REFERENCES.items():
        numbers = {entry.subject_id for entry in entries if entry.subject_kind == kind}
        numbers |= {entry.details[kind] for entry in entries if isinstance(entry.details.get(kind), int)}
        if numbers:
            # Between two numbers and not in a list of them: a file can have more than a database takes in one list.
            rows = model.objects.filter(pk__gte=min(numbers), pk__lte=max(numbers))
            found |= {(kind, pk): ref for pk, ref in rows.values_list("pk", "ref")}
    return found


def subject(entry, known):
    """Return what it was done to, with the number that people know; `known` comes from references()."""
    number = known.get((entry.subject_kind, entry.subject_id), entry.subject_id)
    return f"{SUBJECTS.get(entry.subject_kind, entry.subject_kind)} {number}"


def for_whom(entry):
    """Return for whom it was done, in words, or nothing."""
    kind, _space, ref = entry.on_behalf_of.partition(" ")
    return f"{SUBJECTS.get(kind, kind)} {ref}".strip()


def details(entry, known):
    """Return the figures of the act on one line; `known` comes from references()."""
    if entry.act == "scheme.changed":
        return history_settings.changed(entry.details)
    return "; ".join(f"{DETAILS.get(key, key)}: {_value(entry, key, known)}" for key in entry.details)


def _value(entry, key, known):
    value, words = entry.details[key], VALUES | (Booking.CANCEL_WORDS if entry.act == "booking.cancelled" else {})
    if isinstance(value, int) and (key, value) in known:
        return known[key, value]
    if key == "pence" or key.endswith("_pence"):
        return wording.money(value, exact=True) if isinstance(value, int) else value
    if isinstance(value, bool):
        return _("asked for") if value else _("not asked for")
    return ", ".join(str(words.get(each, each)) for each in (value if isinstance(value, list) else [value]))
