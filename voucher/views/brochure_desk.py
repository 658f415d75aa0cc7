"""The carers team's brochure desk: what changed since the newest edition, and the next edition with one press."""

import uuid

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import carers_team_required
from accounts.history import Who
from brochure import changes
from brochure import editions as brochure_editions
from voucher import brochure_desk
from voucher.ledger.acts import KeyWasUsed
from voucher.views.numbers import whole

EDITIONS_SHOWN = 12


@require_safe
@never_cache
@carers_team_required
def editions(request):
    """Show the newest edition, what changed since side by side, and the files of every edition."""
    today = timezone.localdate()
    shelf = brochure_desk.shelf(EDITIONS_SHOWN)
    newest = brochure_editions.newest()
    context = {
        "newest": newest,
        "changes": changes.since(newest, on=today),
        "after": newest.number if newest else 0,
        "next_number": newest.number + 1 if newest else 1,
        "hold_until": brochure_editions.prices_until(today),
        "shelf": shelf,
        # A file that is not there a day later is not "being made".
        "being_made": bool(newest) and newest.made_on == today,
        "today": today,
        "key": uuid.uuid4(),
    }
    return render(request, "team/editions.html", context)


@require_POST
@carers_team_required
def make_edition(request):
    """Make the next edition once, however often the button is pressed; its files follow by the clock."""
    try:
        key = uuid.UUID(request.POST.get("key", ""))
        after = whole(request.POST.get("after", ""), digits_most=6)
        number = brochure_desk.make(after=after, by=Who(user=request.user), now=timezone.now(), key=key)
    except (ValueError, KeyWasUsed):
        messages.error(request, _("Nothing was made. Press the button again."))
    except brochure_desk.EditionMeanwhile:
        messages.info(request, _("Somebody else made an edition meanwhile. See what has changed since."))
    except brochure_editions.NothingToPrint:
        messages.error(request, _("No offer is live, so there is nothing to print."))
    else:
        messages.success(
            request,
            _("Edition %(number)s is made. Its files are being made now and are ready in some minutes.")
            % {"number": number},
        )
    return redirect("team:editions")
