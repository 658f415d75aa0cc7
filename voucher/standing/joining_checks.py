"""What is looked at before a provider that joins is sent and approved: what it told, its papers, its offers.

Each thing that is missing is a Missing with a sentence, under the step where it belongs.
"""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from brochure import care_checks, offering
from brochure.models import Offer
from providers import joining, papers
from providers.joining import Missing, Step


def drafts(provider):
    """Return the offers that a provider joins with: drafts, and what the carers team has agreed to already."""
    rows = provider.offers.filter(state__in=[Offer.State.DRAFT, Offer.State.LIVE])
    return rows.select_related("category", "provider").order_by("number")


def missing(provider, *, on):
    """Return what is Missing before it can be sent, step by step; what waits for the carers team is not missing."""
    found = joining.not_told(provider) + _offers_missing(provider)
    for kind, reason in papers.missing(provider, on=on):
        # Whether it is needed is asked with "who you are".
        if reason not in (papers.Reason.WAITING, papers.Reason.NOT_SAID):
            found.append(Missing(Step.PAPERS, _paper_words(kind, reason)))
    order = list(Step)
    return sorted(found, key=lambda each: order.index(each.step))


def remarks(provider, *, on):
    """Return what the checks of each offer still need: it may be sent without, and the team asks for them."""
    shown = care_checks.shown_by(provider)
    return [each for offer in drafts(provider) for each in _checks_missing(offer, shown, on)]


def not_in_order(provider, offers, *, on):
    """Return what is Missing before it may be approved with these offers: told, papers accepted, offers checked."""
    found = joining.not_told(provider)
    found += [Missing(Step.PAPERS, _paper_words(kind, reason)) for kind, reason in papers.missing(provider, on=on)]
    if not offers:
        found.append(Missing(Step.OFFERS, _("Choose at least one offer that goes into the brochure.")))
    shown = care_checks.shown_by(provider)
    for offer in offers:
        if offer.state == Offer.State.DRAFT and offering.waiting_version(offer) is None:
            words = _("it does not wait for you, because it was not complete or was not agreed to.")
            found.append(_of_offer(Step.OFFERS, offer, words))
        found += _checks_missing(offer, shown, on)
    return found


def _offers_missing(provider):
    found = [(offer, offering.missing(offer)) for offer in drafts(provider) if offer.state == Offer.State.DRAFT]
    complete = drafts(provider).filter(state=Offer.State.LIVE).exists() or any(not lacks for _offer, lacks in found)
    if complete:
        return []
    if not found:
        return [Missing(Step.OFFERS, _("Say what you would like to offer: one offer is enough."))]
    return [_of_offer(Step.OFFERS, offer, _lacks_words(len(lacks))) for offer, lacks in found]


def _checks_missing(offer, shown, on):
    found = care_checks.missing(offer, on=on, shown=shown)
    return [_of_offer(Step.PAPERS, offer, each.words) for each in found]


def _of_offer(step, offer, words):
    return Missing(step, format_lazy("{}: {}", offer.title, words))


def _lacks_words(count):
    return ngettext("one thing is still to be said.", "%(count)d things are still to be said.", count) % {
        "count": count
    }


def _paper_words(kind, reason):
    return format_lazy("{}: {}", kind.label, reason.label)
