"""The papers of a provider (R45): what is asked of it, what was shown, what was accepted, and until when it holds."""

import copy
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F, Q, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import history
from providers import cover, details
from providers.cover import Cover
from providers.models import Document, Provider
from providers.telling import tell

Kind, State = Document.Kind, Document.State
# An insurance without an end would never be asked for again.
WITH_AN_END = {Kind.PUBLIC_LIABILITY, Kind.EMPLOYERS_LIABILITY}
# Asked only of whoever says so of itself.
LET_GO = {Kind.EMPLOYERS_LIABILITY: "has_staff", Kind.FOOD: "serves_food"}
# The first day of a paper as its provider told it; None is another answer: it counts from now on.
AS_SHOWN = object()
# Accepted now, or until a newer one was: replaced before anybody had looked at it, a paper never counted.
WAS_ACCEPTED = Q(state=State.ACCEPTED) | Q(state=State.REPLACED, seen_at__isnull=False)


class Reason(TextChoices):
    """Why a paper is missing."""

    NOT_SHOWN = "not_shown", _("Not shown yet")
    WAITING = "waiting", _("Waiting for the carers team")
    REFUSED = "refused", _("Not accepted")
    ENDED = "ended", _("Ended")
    LATER = "later", _("Begins later")
    NOT_SAID = "not_said", _("You have not told us yet whether this is needed")


class BadPaper(Exception):
    """It cannot be added or accepted, and why: nothing, no_end, ended, backwards."""

    def __init__(self, why):
        super().__init__(why)
        self.why = why


class HasEnded(Exception):
    """A paper that has ended is let go by the carers team, not by the provider's own word; `kinds` says which."""

    def __init__(self, kinds):
        super().__init__(", ".join(kinds))
        self.kinds = kinds


class Answered(Exception):
    """Somebody has accepted or refused it already, or a newer one has taken its place."""


@dataclass(frozen=True)
class Standing:
    """How one kind of paper stands: the one accepted last, the one that waits, the newest that was refused.

    `cover` is of every one that was accepted: the one before goes on counting until the newest begins.
    """

    kind: Kind
    accepted: Document | None = None
    waiting: Document | None = None
    refused: Document | None = None
    is_asked: bool = True
    cover: Cover = field(default_factory=Cover)

    def reason(self, *, on):
        """Return why it is missing on that day, or None where it is in order."""
        if self.cover.holds(on):
            return None
        if self.waiting:
            return Reason.WAITING
        if self.cover.again(on):
            return Reason.LATER
        if self.accepted:
            return Reason.ENDED
        return Reason.REFUSED if self.refused else Reason.NOT_SHOWN


def asked(provider):
    """R45. Return the kinds of paper that are asked of this provider, whatever it offers.

    Public liability, safeguarding and data sharing of everybody; employers' liability of whoever employs somebody; the
    food hygiene rating of whoever serves food. The registration for care is asked of an offer (brochure.care_checks).
    """
    kinds = [Kind.PUBLIC_LIABILITY, Kind.SAFEGUARDING, Kind.DATA_SHARING]
    if provider.has_staff:
        kinds.append(Kind.EMPLOYERS_LIABILITY)
    if provider.serves_food:
        kinds.append(Kind.FOOD)
    return kinds


def standings(provider):
    """Return {kind: Standing} of everything that was ever shown or is asked, in one query and without the files."""
    rows = provider.documents.exclude(state=State.REPLACED, seen_at=None).defer("content").order_by("added_at", "pk")
    found, counted = {kind: {} for kind in Kind}, {}
    for row in rows:
        if row.state in {State.ACCEPTED, State.REPLACED}:
            counted.setdefault(row.kind, []).append(row)
        if row.state != State.REPLACED:
            # The newest of each state; a refusal is over once something was accepted or shown after it.
            found[row.kind][row.state] = row
    wanted = set(asked(provider))
    return {
        kind: _standing(kind, states, kind in wanted, cover_of(provider, kind, counted.get(kind, [])))
        for kind, states in found.items()
        if kind in wanted or states
    }


def cover_of(provider, kind, rows):
    """Return the cover.Cover of a provider's papers of one kind that were accepted at some time."""
    known = provider.insurance_until if kind == Kind.PUBLIC_LIABILITY else None
    return cover.of_papers(rows, known_until=known)


def _standing(kind, states, is_asked, covered):
    accepted, waiting, refused = (states.get(state) for state in (State.ACCEPTED, State.WAITING, State.REFUSED))
    newer = [row for row in (accepted, waiting) if row and refused and row.added_at >= refused.added_at]
    return Standing(kind, accepted, waiting, None if newer else refused, is_asked, covered)


def missing(provider, *, on):
    """Return what of R45 is missing on a day as (kind, Reason), in the order of `asked`; nothing when all is there.

    Whether anybody is employed and whether food is served must have been said. A provider that came in a file of the
    pilot has shown no papers, and works on: this is asked when a provider is approved (providers.joining).
    """
    shown = standings(provider)
    found = [(kind, reason) for kind in asked(provider) if (reason := shown[kind].reason(on=on))]
    unsaid = {Kind.EMPLOYERS_LIABILITY: provider.has_staff, Kind.FOOD: provider.serves_food}
    return found + [(kind, Reason.NOT_SAID) for kind, said in unsaid.items() if said is None]


def say(*, provider, has_staff, serves_food, by, now):
    """Note whether a provider employs anybody and serves food, on which R45 depends.

    Of a provider that has joined the carers team is told. Raises HasEnded where its word would bring it back after
    something has ended.
    """
    told = {"has_staff": has_staff, "serves_food": serves_food}
    with transaction.atomic():
        _lock(provider)
        fields = [name for name, value in told.items() if getattr(provider, name) != value]
        has_joined = provider.state not in Provider.NOT_JOINED
        if has_joined and (ended := _ended(provider, told, on=timezone.localdate(now))):
            raise HasEnded(ended)
        _note(provider, told, by, now)
        if fields and has_joined:
            details.tell_team(provider, fields, now=now)


def let_go(*, provider, kind, by, now):
    """Ask no more, for the carers team, for a paper that hangs on what the provider does: it does that no longer."""
    with transaction.atomic():
        _lock(provider)
        _note(provider, {LET_GO[kind]: False}, by, now)


def _ended(provider, told, *, on):
    """Return the kinds of paper that would be asked no more and of which one was accepted, but none holds."""
    gone = [kind for kind, name in LET_GO.items() if getattr(provider, name) and not told[name]]
    shown = standings(provider) if gone else {}
    return [kind for kind in gone if shown[kind].accepted and shown[kind].reason(on=on)]


def _note(provider, told, by, now):
    for name, value in told.items():
        setattr(provider, name, value)
    provider.save(update_fields=list(told))
    recount(provider, on=timezone.localdate(now))
    about = {"subject": provider, "by": by, "at": now, "council": provider.council}
    history.record(act="provider.changed", fields=list(told), **about)


def add(*, provider, kind, by, now, file=None, reference="", valid_from=None, valid_until=None):
    """Show a paper: a file (providers.paper_files.Kept), or only its number; returns the Document, which waits.

    It takes the place of one of that kind that still waits; the same once more gives the first back. One that counts
    goes on counting until this one is accepted. Raises BadPaper.
    """
    if file is None and not reference.strip():
        raise BadPaper("nothing")
    _refuse_days(kind, valid_from, valid_until, timezone.localdate(now))
    sha256 = file.sha256 if file else ""
    with transaction.atomic():
        _lock(provider)
        waiting = provider.documents.filter(kind=kind, state=State.WAITING)
        same = {"reference": reference.strip(), "sha256": sha256}
        same |= {"valid_from": valid_from, "valid_until": valid_until}
        if twin := waiting.filter(**same).first():
            return twin
        waiting.update(state=State.REPLACED)
        row = Document.objects.create(provider=provider, kind=kind, added_by=by.user, added_at=now, **same)
        if file:
            row.file_name = f"{provider.ref}-{kind.replace('_', '-')}-{row.pk}.{file.extension}"
            row.content_type, row.content = file.content_type, file.content
            row.save(update_fields=["file_name", "content_type", "content"])
        _remember("document.added", row, by, now)
    return row


def accept(*, document, by, now, valid_from=AS_SHOWN, valid_until=None):
    """Let a paper count, with the days that the team read on it where they are given; the one before it is replaced.

    One with a first day to come counts from then on, and the one before it up to its own end. Raises Answered, and
    BadPaper where it has an end that has passed, should have one, or begins after it.
    """
    provider = document.provider
    valid_from = document.valid_from if valid_from is AS_SHOWN else valid_from
    valid_until = valid_until or document.valid_until
    _refuse_days(document.kind, valid_from, valid_until, timezone.localdate(now))
    with transaction.atomic():
        _lock(provider)
        provider.documents.filter(kind=document.kind, state=State.ACCEPTED).update(state=State.REPLACED)
        _answer(document, State.ACCEPTED, by, now, valid_from=valid_from, valid_until=valid_until)
        recount(provider, on=timezone.localdate(now))
        _remember("document.accepted", document, by, now)
        # Whoever is still joining hears of all papers together, with the answer.
        if provider.state not in Provider.NOT_JOINED:
            _tell_of_answer(document)


def refuse(*, document, reason, by, now):
    """Refuse a paper and tell its provider why; one that counts goes on counting. Raises Answered."""
    with transaction.atomic():
        _answer(document, State.REFUSED, by, now, reason=reason.strip())
        _remember("document.refused", document, by, now)
        _tell_of_answer(document)


def note_look(*, document, by, now):
    """Write down that somebody of the carers team has opened the file of a paper."""
    _remember("document.seen", document, by, now)


def recount(provider, *, on):
    """Write down until when the insurance and everything else that is asked hold, within the caller's transaction.

    It is the last day up to which each is covered without a gap from the day `on`; what begins after a gap is counted
    when it begins (`begin`). Where nothing was accepted, what a file of the pilot said stays.
    """
    counted = {}
    for row in provider.documents.filter(WAS_ACCEPTED).defer("content"):
        counted.setdefault(row.kind, []).append(row)
    wanted = set(asked(provider)) - {Kind.PUBLIC_LIABILITY}
    others = [cover_of(provider, kind, rows).until(on) for kind, rows in counted.items() if kind in wanted]
    provider.papers_until = min(filter(None, others), default=None)
    insurance = cover_of(provider, Kind.PUBLIC_LIABILITY, counted.get(Kind.PUBLIC_LIABILITY, []))
    changed = ["papers_until"]
    if insurance.has_begun(on):
        provider.insurance_until = insurance.until(on)
        changed.append("insurance_until")
    provider.save(update_fields=changed)


def to_begin(*, on):
    """Return the accepted papers whose first day has come since they were accepted, and which were not counted yet."""
    rows = Document.objects.filter(WAS_ACCEPTED, begun_at=None, valid_from__lte=on)
    rows = rows.filter(seen_at__date__lt=F("valid_from")).defer("content")
    return rows.select_related("provider__council__scheme", "seen_by").order_by("valid_from", "pk")


def begin(*, document, now):
    """Count a paper whose first day has come, within the caller's transaction; a second time changes nothing."""
    _lock(document.provider)
    if Document.objects.filter(pk=document.pk, begun_at=None).update(begun_at=now):
        recount(document.provider, on=timezone.localdate(now))


def gap_if_accepted(*, document, now):
    """Return the next days that nothing would cover if this paper were accepted, as a cover.Span, or None."""
    as_if = copy.copy(document)
    as_if.seen_at = now
    rows = document.provider.documents.filter(WAS_ACCEPTED, kind=document.kind).exclude(pk=document.pk)
    rows = [*rows.defer("content"), as_if]
    return cover_of(document.provider, document.kind, rows).gap(timezone.localdate(now))


def waiting(council):
    """Return the papers of a council's own providers that wait for an answer, the oldest first, without the files."""
    rows = Document.objects.filter(provider__council=council, state=State.WAITING).defer("content")
    return rows.select_related("provider").order_by("added_at", "pk")


def _lock(provider):
    """Let nobody else change the papers of the provider until this transaction is over."""
    Provider.objects.locked(provider.pk)
    # What is asked hangs on what was told, and somebody may have told or accepted something else meanwhile.
    provider.refresh_from_db(fields=["has_staff", "serves_food", "insurance_until", "papers_until"])


def _refuse_days(kind, valid_from, valid_until, today):
    if kind in WITH_AN_END and valid_until is None:
        raise BadPaper("no_end")
    if valid_until and valid_until < today:
        raise BadPaper("ended")
    if valid_from and valid_until and valid_from > valid_until:
        raise BadPaper("backwards")


def _answer(document, state, by, now, **changes):
    rows = Document.objects.filter(pk=document.pk, state=State.WAITING)
    if not rows.update(state=state, seen_by=by.user, seen_at=now, **changes):
        raise Answered
    document.refresh_from_db()


def _remember(act, document, by, now):
    provider = document.provider
    details = {"kind": document.kind, "provider": provider.pk}
    history.record(act=act, subject=document, by=by, at=now, council=provider.council, **details)


def _tell_of_answer(document):
    is_accepted = document.state == State.ACCEPTED
    tell("paper_answered", document.provider, key=f"{document.pk}", paper=document, is_accepted=is_accepted)
