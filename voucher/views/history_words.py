"""The words in which the history is shown: each act, each kind of thing, each detail."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import wording
from accounts.models import Role
from brochure.models import Exemption
from providers.models import DbsCheck, Document, Provider, Staff
from voucher import identity
from voucher.award_changes import ChangeReason
from voucher.claims import LateReason
from voucher.models import Application, Award, Booking, Circumstance, Permission, RunFile, Task

ACTS = {
    "booking.handed_over": _("A carer's break went to the successor of its provider"),
    "booking.not_handed_over": _("A carer did not want the successor of a provider"),
    "provider.closed": _("A provider closed"),
    "provider.closes": _("The last day of a provider was set"),
    "provider.closes_not": _("It was taken back that a provider closes"),
    "provider.goes_on": _("A provider that was stopped goes on"),
    "provider.suspended": _("The carers team stopped a provider"),
    "account.agreed": _("A second person agreed to another bank account of a provider"),
    "account.asked": _("A provider asked to be paid into another bank account"),
    "account.called": _("A provider was rung about another bank account"),
    "account.refused": _("Another bank account of a provider was not taken"),
    "account.used": _("A provider is paid into another bank account from now on"),
    "account.withdrawn": _("A provider took back the wish for another bank account"),
    "invoice.paid": _("A provider paid an invoice for what it was paid too much"),
    "invoice.part_paid": _("A provider paid a part of an invoice for what it was paid too much"),
    "invoice.withdrawn": _("Finance withdrew an invoice to a provider"),
    "invoice.written": _("Finance wrote an invoice to a provider"),
    "payment.cleared": _("Somebody made sure of an account after a payment came back"),
    "payments.let_go": _("Finance let a provider be paid again"),
    "payments.withheld": _("Finance let the payments to a provider wait"),
    "payment.returned": _("The bank sent a payment back"),
    "application.agreed": _("A worker agreed to give an award more to use, and a second one was to say yes"),
    "application.closed": _("A carer's question was closed, because the award was"),
    "application.granted": _("The carers team said yes to what a carer asked for"),
    "application.made": _("A carer asked the carers team for more time, more to use or a new award"),
    "application.refused": _("The carers team said no to what a carer asked for"),
    "application.withdrawn": _("A carer took back what they had asked for"),
    "award.acted_for": _("The carers team opened the award to act for the carer"),
    "award.added_to": _("An award was given more to use"),
    "award.closed": _("An award was closed"),
    "award.ended": _("The award came to its last day"),
    "award.helped": _("A helper opened an award to act for the carer"),
    "award.issued": _("An award was granted"),
    "award.opened": _("An award was opened with its code"),
    "award.questions_answered": _("The three questions were answered"),
    "award.questions_left_out": _("The three questions were left out"),
    "award.reduced": _("An award was made smaller"),
    "award.goes_on": _("An award that was stopped can be used again"),
    "award.stopped": _("An award was stopped: nothing new can be booked with it"),
    "award.walk_in_asked": _("A provider asked whether an award may pay for a carer who came without booking"),
    "award.walk_in_refused": _("A carer said no to a provider that asked to be paid without a booking"),
    "provider.breaks_at_once": _("A provider said how many breaks it gives at once"),
    "award.place_kept": _("A place that fell free was kept for a carer who waited"),
    "award.place_passed": _("A place that was kept for a carer was not taken in time"),
    "award.waited_in_vain": _("A carer waited for a place, and nothing could come of it any more"),
    "award.waits": _("A carer put their name on a waiting list"),
    "award.waits_no_more": _("A carer took their name off a waiting list"),
    "award.swept": _("Money that came back late went to the fund"),
    "booking.appeal_answered": _("The carers team answered a provider that did not agree with what was found"),
    "booking.appealed": _("A provider did not agree with what was found"),
    "booking.again_answered": _("A carer said whether they would use a break again"),
    "booking.by_phone": _("A provider booked a break on the telephone"),
    "booking.cancelled": _("A booking was cancelled"),
    "booking.cancelled_in_emergency": _("A booking was cancelled in an emergency"),
    "booking.carer_agrees": _("A carer said that a break took place as the provider says"),
    "booking.absence_looked_into": _("The carers team looked into a break that did not happen"),
    "booking.carer_rung": _("The carers team rang a carer after a break"),
    "booking.carer_told": _("A carer was told how their booking stands"),
    "booking.card_looked_into": _("A carer's card payment was looked into"),
    "booking.card_refunded": _("A carer's card payment was given back"),
    "booking.carer_was_there": _("A carer said that they were there"),
    "booking.claim_withdrawn": _("A booking was taken out of a claim"),
    "booking.claimed": _("A booking was claimed"),
    "booking.confirmed": _("A booking was confirmed"),
    "booking.contact_seen": _("A carer's telephone and address were looked at"),
    "booking.covered": _("The fund paid a provider for an emergency"),
    "booking.declined": _("A request was declined"),
    "booking.delivered": _("A break was marked as given"),
    "booking.delivery_undone": _("A break was no longer marked as given"),
    "booking.did_not_happen": _("A break did not happen"),
    "booking.dispute_answered": _("A provider gave its own account of a break"),
    "booking.dispute_resolved": _("The carers team found how much of a break took place"),
    "booking.disputed": _("A carer said that less of a break took place"),
    "booking.found_anew": _("The carers team found anew, after a provider did not agree, that it is due more"),
    "booking.nobody_came": _("A provider said that nobody came"),
    "booking.objected": _("A provider said that it was there"),
    "booking.objection_answered": _("The carers team settled what a provider objected to"),
    "booking.not_paid": _("A carer's card payment did not come in time"),
    "booking.paid_another_sum": _("Another sum was paid by card than was agreed"),
    "booking.paid_too_late": _("A card payment came after the booking had ended"),
    "booking.payment_disputed": _("A card payment was called into question with the card company"),
    "booking.refund_refused": _("The card company refused to give a payment back"),
    "booking.not_given_undone": _("A provider took back that a break did not happen"),
    "booking.not_mine_looked_into": _("The carers team looked into a booking that a carer did not make"),
    "booking.not_mine": _("A carer said that they did not make a booking"),
    "booking.rearranged": _("The carers team dealt with a break that its provider could not give"),
    "booking.requested": _("A break was asked for"),
    "booking.settled_by_hand": _("The carers team settled by hand what the fund could not pay"),
    "booking.countered": _("Other times were suggested"),
    "booking.move_asked": _("A carer asked to move a break"),
    "booking.move_declined": _("A break stays at its old time"),
    "booking.move_not_answered": _("A wish to move a break was not answered in time"),
    "booking.move_taken_back": _("A carer took back the wish to move a break"),
    "booking.moved": _("A break was moved"),
    "booking.other_half_fell_away": _("The other half of a paired break fell away"),
    "booking.paid": _("A carer paid their own share by card"),
    "booking.pair_withdrawn": _("Half of a paired break was withdrawn with the other half"),
    "booking.time_changed": _("The time of a request was changed"),
    "booking.timed_out": _("A request was not answered in time"),
    "booking.walk_in": _("A carer who came without booking was booked at the door"),
    "booking.we_could_not": _("A provider said that they could not give the break"),
    "offer.drafted": _("A provider began an offer"),
    "offer.sent": _("A new offer was sent to the carers team"),
    "offer.change_sent": _("A change of an offer was sent to the carers team"),
    "offer.taken_back": _("A provider took back what waited for the carers team"),
    "offer.approved": _("The carers team agreed to an offer or a change of one"),
    "offer.refused": _("The carers team did not agree to an offer or a change of one"),
    "offer.hidden": _("An offer was hidden for a while"),
    "offer.shown": _("A hidden offer was shown again"),
    "offer.withdrawn": _("An offer was withdrawn"),
    "offer.discarded": _("A draft of an offer was thrown away"),
    "photo.added": _("A photo was added to an offer"),
    "photo.described": _("What a photo shows was said anew"),
    "photo.put_first": _("A photo was put before the others"),
    "photo.removed": _("A photo was removed"),
    "photo.approved": _("The carers team agreed to a photo"),
    "photo.refused": _("The carers team did not agree to a photo"),
    "provider.vat_changed": _("A provider's VAT was changed"),
    "carer.account_linked": _("A carer's account was tied to their award"),
    "carer.account_unlinked": _("A carer's award was taken out of an account"),
    "carer.added": _("A carer was added"),
    "carer.changed": _("A carer's details were changed"),
    "carer.silence": _("From now on nothing unasked is sent to a carer"),
    "carer.message_kept_back": _("A message was not sent, because we keep silent"),
    "carer.message_told": _("A message that could not be sent was told by telephone"),
    "carer.file_made": _("A copy of what is held about a carer was made"),
    "carer.identity_checked": _("The carers team asked who was on the telephone"),
    "carer.seen": _("A carer's record was looked at"),
    "carer.silence_ended": _("A carer is written to again as everybody is"),
    "circumstance.taken_back": _("A change in a carer's life, written down by mistake, was taken back"),
    "circumstance.recorded": _("A change in a carer's life was written down"),
    "claim.asked_about": _("Finance asked why two providers claim the same carer and hour"),
    "claim.made": _("A claim was made"),
    "code.bound": _("A carer's code was tied to their sign-in"),
    "code.checked": _("A provider checked a code"),
    "code.made": _("A code was made"),
    "code.printed": _("A code was printed"),
    "code.revoked": _("A code was ended"),
    "code.unbound": _("A carer's code works without their sign-in again"),
    "dbs.confirmed": _("A provider said that a worker was checked"),
    "dbs.ended": _("A worker's check no longer counts"),
    "document.accepted": _("A paper of a provider was accepted"),
    "document.added": _("A provider showed a paper"),
    "document.refused": _("A paper of a provider was not accepted"),
    "document.seen": _("The carers team opened a paper of a provider"),
    "edition.made": _("An edition of the brochure was made"),
    "exemption.agreed": _("The carers team agreed that an offer with care needs no registration"),
    "exemption.asked": _("A provider asked for an exemption from registration"),
    "exemption.refused": _("The carers team did not agree to an exemption"),
    "fund.opened": _("A fund was opened"),
    "offer.added": _("An offer was added"),
    "offer.check_asked": _("The carers team asks for a check of who sits with somebody again"),
    "offer.no_check": _("The carers team wrote down why an offer needs no check"),
    "offer.changed": _("An offer was changed"),
    "offer.prices_set": _("New prices of an offer were set, from a day on"),
    "offer.prices_taken_back": _("A price that had not begun was taken back"),
    "password.changed": _("A password was set or changed"),
    "permission.ended": _("A permission to act for a carer was ended"),
    "permission.given": _("A permission to act for a carer was given"),
    "person.added": _("A person was added"),
    "person.closed": _("A person's account was closed"),
    "person.invited": _("A person was invited"),
    "person.reopened": _("A person's account was opened again"),
    "person.signed_in": _("A person signed in"),
    "pin.checked": _("A carer's PIN was checked"),
    "pin.reset": _("A carer's PIN was taken away"),
    "pin.set": _("A carer set a PIN"),
    "post.given": _("A post with a provider was given"),
    "post.removed": _("A post with a provider was taken away"),
    "provider.task_done": _("The carers team did what was to be done about a provider"),
    "provider.paused": _("A provider was paused"),
    "provider.calendar_stopped": _("A private calendar address was stopped"),
    "provider.calendar_made": _("A private calendar address was made"),
    "provider.back": _("A provider came back from a pause"),
    "provider.added": _("A provider was added"),
    "provider.agreed": _("A provider agreed to the terms"),
    "provider.approved": _("A provider that wanted to join was approved"),
    "provider.asked": _("The carers team asked a provider something before it could join"),
    "provider.began": _("A provider began to join"),
    "provider.invited": _("The carers team invited a provider"),
    "provider.looked_after": _("A new provider is looked after longer"),
    "provider.mentored": _("Something was gone through with a new provider"),
    "provider.refused": _("A provider that wanted to join was not approved"),
    "provider.sent": _("A provider sent what it told about itself to the carers team"),
    "provider.settled": _("The first months of a new provider are over"),
    "provider.taken_back": _("A provider took back what it had sent to the carers team"),
    "provider.told": _("A provider that is joining told something about itself"),
    "provider.withdrew": _("A provider no longer wants to join"),
    "provider.card_account_opened": _("A provider opened an account with the card company"),
    "provider.takes_cards": _("A provider can take card payments"),
    "provider.takes_no_cards": _("A provider can no longer take card payments"),
    "provider.takes_no_transfers": _("A provider can no longer be paid through the card company"),
    "provider.takes_transfers": _("A provider can be paid through the card company"),
    "run.paid_by_card_company": _("The card company paid a provider"),
    "run.refused_by_card_company": _("The card company did not pay a provider"),
    "provider.takes_no_own_money": _("A provider no longer takes money from carers"),
    "provider.takes_own_money": _("A provider said that it takes money from carers"),
    "provider.codes_locked": _("Ten wrong codes in an hour were tried at a provider, and no more were looked at"),
    "provider.changed": _("A provider's details were changed"),
    "recovery_codes.made": _("Recovery codes were made"),
    "role.given": _("A role was given"),
    "role.removed": _("A role was taken away"),
    "run.file_made": _("A file of a payment run was made"),
    "run.prepared": _("A payment run was prepared"),
    "run.released": _("A payment run was released"),
    "run.voided": _("A payment run was voided"),
    "scheme.changed": _("Settings of the scheme were changed"),
    "scheme.takes_cards": _("Carers may pay the difference by card"),
    "scheme.takes_no_cards": _("Carers may no longer pay the difference by card"),
    "second_factor.added": _("A second step was set up"),
    "second_factor.reset": _("A lost second step was taken away, to be set up anew"),
    "second_factor.removed": _("A second step was removed"),
    "wish.closed": _("A wish was closed"),
    "wish.confirmed": _("The theme of a wish was confirmed"),
    "wish.made": _("Somebody wished for something"),
    "wish.met": _("An offer met a wish"),
}

SUBJECTS = {
    "award": _("award"),
    "booking": _("booking"),
    "carer": _("carer"),
    "claim": _("claim"),
    "dbscheck": _("worker's check"),
    "document": _("paper"),
    "edition": _("edition"),
    "exemption": _("exemption"),
    "fund": _("fund"),
    "offer": _("offer"),
    "paymentrun": _("payment run"),
    "provider": _("provider"),
    "runfile": _("file"),
    "scheme": _("settings"),
    "user": _("person"),
    "wish": _("wish"),
}

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
    return "; ".join(f"{DETAILS.get(key, key)}: {_value(entry, key, known)}" for key in entry.details)


def _value(entry, key, known):
    value, words = entry.details[key], VALUES | (Booking.CANCEL_REASONS if entry.act == "booking.cancelled" else {})
    if isinstance(value, int) and (key, value) in known:
        return known[key, value]
    if key == "pence" or key.endswith("_pence"):
        return wording.money(value, exact=True) if isinstance(value, int) else value
    if isinstance(value, bool):
        return _("asked for") if value else _("not asked for")
    return ", ".join(str(words.get(each, each)) for each in (value if isinstance(value, list) else [value]))
