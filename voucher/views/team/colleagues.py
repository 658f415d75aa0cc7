"""What the carers team decides about a provider is not decided by somebody who works there."""

from functools import wraps

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from providers import staff


def not_by_colleagues(back=""):
    """Say on the page, instead of falling over, that somebody else of the team does this; `back` names the next page.

    Without `back` it is the same page: it can be looked at as well as pressed.
    """

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            try:
                return view(request, *args, **kwargs)
            except staff.WorksThere:
                messages.error(request, _("You work for this provider, so somebody else of the team does this."))
                return redirect(back or request.path)

        return guarded

    return decorate
