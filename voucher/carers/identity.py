"""Who is on the telephone: what was asked before anything is changed, kept as kinds and never as values."""

from django.utils.translation import gettext_lazy as _

from accounts import history

FACTS_LEAST = 2
FACTS = [
    ("address", _("The address")),
    ("telephone", _("The telephone number we have")),
    ("email", _("The e-mail address we have")),
    ("assessment", _("When or where the assessment was")),
    ("award", _("How much the award is, or until when")),
    ("booking", _("A break they booked")),
]
CALL_BACKS = [
    ("rang_back", _("We rang back on the number we have")),
    ("worker", _("A worker we know spoke for them")),
    ("in_person", _("They are here in person")),
]


class TooFewFacts(Exception):
    """Two things are asked at least, and how we made sure."""


def note(*, carer, facts, call_back, by, now):
    """Write down which facts the carer could tell, and how we made sure that it was the carer; raise TooFewFacts."""
    facts = sorted(set(facts) & set(dict(FACTS)))
    if len(facts) < FACTS_LEAST or call_back not in dict(CALL_BACKS):
        raise TooFewFacts
    history.record(
        act="carer.identity_checked",
        subject=carer,
        by=by,
        at=now,
        council=carer.council,
        facts=facts,
        call_back=call_back,
    )
