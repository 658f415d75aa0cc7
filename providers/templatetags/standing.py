"""How a provider stands today, for the notice at the top of its own pages."""

from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def papers_have_ended(provider):
    """True where a paper that is asked of it has ended, so that carers do not see its offers (R47)."""
    ends = [end for end in (provider.insurance_until, provider.papers_until) if end]
    return bool(ends) and min(ends) < timezone.localdate()
