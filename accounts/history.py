"""Who did what, when, for whom: every change writes a row here that nobody can edit."""

from dataclasses import dataclass

from accounts.models import Council, HistoryEntry, User


@dataclass(frozen=True)
class Who:
    """Someone who acts: a person who signed in, the holder of a code, or the clock.

    `label` names an actor who did not sign in; `on_behalf_of` names whom the act was for,
    by reference ("award A0001"), where a member of staff acts for a carer. `role` says as what a
    helper acts (a Permission.Kind); it is written beside the act.
    """

    user: User | None = None
    label: str = ""
    on_behalf_of: str = ""
    role: str = ""

    @property
    def actor(self):
        """A short name for the ledger: a number or a label, never a person's name."""
        return f"user:{self.user.pk}" if self.user else self.label


CLOCK = Who(label="clock")


def record(*, act, subject, by, at, council=None, **details):
    """Write one row of history about a saved row. Details are ids, figures and states, never names or codes."""
    assert council is None or isinstance(council, Council)
    if by.role:
        details |= {"role": by.role}
    return HistoryEntry.objects.create(
        at=at,
        actor=by.user,
        actor_label="" if by.user else by.label,
        on_behalf_of=by.on_behalf_of,
        act=act,
        council=council,
        subject_kind=subject._meta.model_name,
        subject_id=subject.pk,
        details=details,
    )


def record_each(*, act, subjects, by, at, council):
    """Write one row of history about each of many saved rows of one kind, in one statement."""
    HistoryEntry.objects.bulk_create(
        HistoryEntry(
            at=at,
            actor=by.user,
            actor_label="" if by.user else by.label,
            on_behalf_of=by.on_behalf_of,
            act=act,
            council=council,
            subject_kind=subject._meta.model_name,
            subject_id=subject.pk,
        )
        for subject in subjects
    )


def history_of(subject):
    """Return the rows about one saved row, the newest first, with the people who acted."""
    return HistoryEntry.objects.filter(subject_kind=subject._meta.model_name, subject_id=subject.pk).select_related(
        "actor"
    )
