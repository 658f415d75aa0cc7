"""News between a provider that would like to join and the carers team."""

import secrets

from accounts import mail
from providers.telling import tell


def joining_code(*, email, language, code):
    """Queue the code that proves an e-mail address; returns its row, to be sent while somebody waits for it."""
    return mail.write(
        "joining_code",
        to=email,
        language=language,
        context={"code": code},
        dedupe_key=f"joining_code/{secrets.token_hex(8)}",
    )


def joining_invited(provider, *, user, note):
    """Tell somebody that the carers team invites them, and where to begin; in the language of the invitation."""
    _tell(provider, "joining_invited", note, to=user.email, user=user)


def joining_sent(provider, *, note):
    """Tell the provider that it has come in and by when it is answered (R43), and the carers team that it waits."""
    _tell(provider, "joining_sent", note)
    _tell(provider, "joining_waits", note, to=provider.council.scheme.team_email, language="")


def joining_answered(provider, *, note):
    """Tell the carers team that the provider has answered what it was asked, and the provider that it has come in."""
    joining_sent(provider, note=note)


def joining_asked(provider, *, note):
    """Send the provider the question of the carers team."""
    _tell(provider, "joining_asked", note, words=note.words)


def joining_refused(provider, *, note):
    """Tell the provider that it was not approved, with the reasons, and that it may ask again."""
    _tell(provider, "joining_refused", note, words=note.words)


def joining_approved(provider, *, note):
    """Tell the provider that it has joined, who looks after it, and until when (R44)."""
    _tell(provider, "joining_approved", note, mentor=provider.mentor)


def _tell(provider, name, note, **more):
    tell(name, provider, key=f"{note.pk}", **more)
