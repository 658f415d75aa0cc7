"""How a provider, or the carers team about it, is told something by e-mail."""

import logging

from accounts import mail

log = logging.getLogger(__name__)


def tell(name, provider, /, *, key, to=None, language=None, council=None, **context):
    """Write the e-mail of that name about a provider into the outbox, once for each `key`, within the caller's act.

    It goes to the provider's own address in its own language where `to` and `language` say nothing else; its
    templates know the provider, the council and its scheme. An address that is none is logged, and nothing fails: the
    news is on a page too.
    """
    council = council or provider.council
    try:
        mail.write(
            name,
            to=provider.email if to is None else to,
            language=provider.language if language is None else language,
            context={"provider": provider, "council": council, "scheme": council.scheme} | context,
            dedupe_key=f"{name}/{key}",
            council=council,
        )
    except mail.BadAddress:
        log.warning("%s of provider %s has no usable address", name, provider.pk)
