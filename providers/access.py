"""Who may enter a provider's pages: only the people who work there."""

from functools import wraps
from urllib.parse import urlencode

from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse

from providers.models import Provider, Staff

CHOSEN_PROVIDER = "provider"  # the key in the session


def posts_required(*kinds, joining=()):
    """Let only a person in who holds one of these posts with a provider.

    Somebody who has not signed in is sent to sign in; somebody without the post gets 404. Sets
    request.post and request.provider. Whoever works for several providers is asked first for which one, and asked
    again where the one they have chosen gives them no such post: nobody acts for another than the one they see.

    A provider that has not joined yet is led to its joining page, and a press there is not taken: requests, codes
    and money are not its own yet. `joining` names the states in which such a provider may enter all the same.
    """

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not request.user.is_authenticated:
                return redirect_to_login(request.path)
            every = Staff.objects.filter(user=request.user).select_related("provider__council")
            every = {post.provider_id: post for post in every}
            posts = {provider: post for provider, post in every.items() if post.kind in kinds}
            if not posts:
                raise Http404
            # Its pages, and the one that says that there is nothing here, lead to the others.
            request.works_for_several = len(every) > 1
            chosen = request.session.get(CHOSEN_PROVIDER)
            if chosen not in posts and (len(posts) > 1 or chosen in every):
                back = {"next": request.path} if request.method in {"GET", "HEAD"} else {}
                return redirect(f"{reverse('choose_provider')}?{urlencode(back)}".rstrip("?"))
            request.post = posts[chosen] if chosen in posts else next(iter(posts.values()))
            request.provider = request.post.provider
            if request.provider.state in Provider.NOT_JOINED and request.provider.state not in joining:
                if request.method not in {"GET", "HEAD"}:
                    raise Http404
                return redirect("provider:joining")
            return view(request, *args, **kwargs)

        return guarded

    return decorate


# The owner does everything; bookings answers and marks; claims sees and claims money; the desk checks codes.
owner_required = posts_required(Staff.Kind.OWNER)
bookings_required = posts_required(Staff.Kind.OWNER, Staff.Kind.BOOKINGS)
claims_required = posts_required(Staff.Kind.OWNER, Staff.Kind.CLAIMS)
desk_required = posts_required(Staff.Kind.OWNER, Staff.Kind.BOOKINGS, Staff.Kind.DESK)
news_required = posts_required(Staff.Kind.OWNER, Staff.Kind.BOOKINGS, Staff.Kind.CLAIMS)
anyone_required = posts_required(*Staff.Kind)
# Open to a provider that joins as well: its joining pages and papers always, its drafts while it may still change them.
joining_required = posts_required(Staff.Kind.OWNER, joining=Provider.NOT_JOINED)
papers_required = posts_required(Staff.Kind.OWNER, joining=Provider.NOT_JOINED)
papers_readers_required = posts_required(Staff.Kind.OWNER, Staff.Kind.BOOKINGS, joining=Provider.NOT_JOINED)
offers_required = posts_required(Staff.Kind.OWNER, Staff.Kind.BOOKINGS, joining=Provider.MAY_CHANGE)
