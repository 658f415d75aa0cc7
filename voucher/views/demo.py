"""The demonstration page of a local copy: how to come in as each kind of user, and the messages that went out."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import texts, window_letters
from accounts.models import OutboxMessage
from voucher import codes
from voucher.demo import people, stories

MESSAGES_SHOWN = 30
Channel = OutboxMessage.Channel


@require_safe
@never_cache
def show(request):
    """Show everything that a newcomer needs; outside a local copy there is no such page."""
    if not settings.DEMO:
        raise Http404
    rows = OutboxMessage.objects.defer("attachment").order_by("-pk")[:MESSAGES_SHOWN]
    context = {
        "people": people.PEOPLE,
        "password": people.PASSWORD,
        "codes": [_to_show(row) for row in people.open_codes()],
        "messages_sent": [{"row": row, "parts": _parts(row)} for row in rows],
    }
    return render(request, "demo.html", context)


@require_safe
@never_cache
def letter(request, pk):
    """Show one letter as it would be printed; only in a local copy."""
    if not settings.DEMO:
        raise Http404
    letters = OutboxMessage.objects.select_related("council__scheme").filter(channel=Channel.POST)
    paper = window_letters.typeset(get_object_or_404(letters, pk=pk))
    return HttpResponse(paper.content, content_type="application/pdf")


def _to_show(row):
    return row | {"grouped": codes.grouped(row["code"]), "words": stories.WORDS.get(row.get("story"), "")}


def _parts(row):
    """Return in how many parts a text goes; nothing for what is no text."""
    return texts.parts(row.body) if row.channel == Channel.SMS else None
