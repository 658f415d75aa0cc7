"""The demonstration page of a local copy: how to come in as each kind of user, and the e-mails that went out."""

from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts.models import OutboxMessage
from voucher import codes, demo

MESSAGES_SHOWN = 30


@never_cache
def show(request):
    """Show everything that a newcomer needs; outside a local copy there is no such page."""
    if not settings.DEMO:
        raise Http404
    context = {
        "people": demo.PEOPLE,
        "password": demo.PASSWORD,
        "codes": [row | {"grouped": codes.grouped(row["code"])} for row in demo.open_codes()],
        "messages_sent": OutboxMessage.objects.defer("attachment").order_by("-pk")[:MESSAGES_SHOWN],
    }
    return render(request, "demo.html", context)
