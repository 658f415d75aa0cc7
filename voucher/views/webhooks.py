"""What other machines tell us: the card company's events, each signed."""

from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from providers import stripe_api
from voucher import top_ups


@csrf_exempt
@require_POST
def stripe(request):
    """Take in one event of the card company: 200 when it is dealt with or is none of ours, 400 where it did not sign.

    503 asks it to send the event again later.
    """
    if not stripe_api.is_set_up():
        raise Http404
    try:
        event = stripe_api.read_event(request.body, request.headers.get("Stripe-Signature", ""))
    except stripe_api.BadEvent:
        return HttpResponseBadRequest(content_type="text/plain")
    try:
        top_ups.take_in(event=event, now=timezone.now())
    except stripe_api.Unavailable:
        return HttpResponse(status=503, content_type="text/plain")
    return HttpResponse(content_type="text/plain")
