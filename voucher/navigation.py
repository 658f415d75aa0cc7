"""The menu of each audience: what a person can go to from where they are."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Role
from providers.models import Provider, Staff

# The key in the session that says a code is open in this browser: the number of the award.
OPEN_AWARD = "award"
# The key that says a helper has it open, and by what leave; and the one that asks for large print.
HELPING = "helping"
LARGE_PRINT = "large_print"

# In the menu a place has its short name, so that the Welsh menu too fits one line of a phone.
BREAKS = ("brochure", pgettext_lazy("menu", "Find a break"))
PUBLIC = [("home", pgettext_lazy("menu", "Use my code")), BREAKS]
CARER = [("my:award", _("My award")), BREAKS, ("my:statement", _("Statement"))]
HELPER = [("my:award", pgettext_lazy("menu", "What is left")), BREAKS]
AT_THE_DOOR = [("provider:check_code", _("Check a code")), ("provider:diary", _("Diary"))]
BOOKINGS = [
    ("provider:inbox", _("Requests")),
    ("provider:diary", _("Diary")),
    ("provider:check_code", _("Check a code")),
    ("provider:offers", _("Offers")),
]
MONEY = [("provider:money", _("Money"))]
SERVICE = [("provider:service", _("Your service"))]
# What each post of a provider can go to; whoever has several posts has them with several providers.
POSTS = {
    Staff.Kind.OWNER: [*BOOKINGS, *MONEY, *SERVICE],
    Staff.Kind.BOOKINGS: [*BOOKINGS, *SERVICE],
    Staff.Kind.CLAIMS: [*MONEY, *SERVICE],
    Staff.Kind.DESK: [*AT_THE_DOOR, *SERVICE],
}
# All that a provider can go to before it has joined.
JOINING = [
    ("provider:joining", pgettext_lazy("menu", "Joining")),
    ("provider:offers", _("Offers")),
    ("provider:papers", pgettext_lazy("menu", "Papers")),
]
# Pages that belong to a place of the menu though their address does not begin with its own.
BELOW = {
    "provider:check_code": ("provider:phone",),
    "provider:offers": ("provider:vat",),
    "provider:money": ("provider:bank", "provider:own_money"),
    "provider:service": ("provider:papers", "provider:close"),
}
OUTCOMES = ("team:outcomes", pgettext_lazy("menu", "Outcomes"))
FINANCE = [
    ("finance:runs", _("Payment runs")),
    ("finance:funds", _("Funds")),
    ("finance:overdue", _("Overdue claims")),
    OUTCOMES,
]
STAFF = {
    Role.Kind.TEAM: [
        ("team:queue", _("To do")),
        ("team:issue", _("Issue codes")),
        ("team:editions", _("Brochure")),
        OUTCOMES,
    ],
    Role.Kind.VOLUNTEER: [("helping:start", pgettext_lazy("menu", "Help a carer")), BREAKS],
    Role.Kind.FINANCE_PREPARER: FINANCE,
    Role.Kind.FINANCE_APPROVER: FINANCE,
    Role.Kind.AUDITOR: [("audit:history", _("History")), *FINANCE],
    Role.Kind.ADMINISTRATOR: [("people:list", _("People")), ("audit:history", _("History"))],
}


@dataclass(frozen=True)
class Item:
    """One place in the menu. `current` is true for the page itself, `within` also for the pages below it."""

    text: str
    url: str
    current: bool
    within: bool


@dataclass(frozen=True)
class Menu:
    """The places of one audience: "public", "carer", "provider" or "staff"."""

    kind: str
    places: list


def menu(request):
    """Give every template `menu`, worked out only when it is printed, and `large_print` where the carer likes it."""
    return {
        "menu": SimpleLazyObject(lambda: menu_for(request)),
        "large_print": LARGE_PRINT in getattr(request, "session", {}),
    }


def menu_for(request):
    """Return the Menu for whoever asks, with the place marked where they are."""
    kind, names = audience(request)
    found = [(text, url) for name, text in names if (url := address(name))]
    leading = {address(each): address(name) for name, _text in names for each in (name, *BELOW.get(name, ()))}
    # The deepest address that leads to this page is where the person is; home leads only to itself.
    home = reverse("home")
    above = [url for url in leading if url and url != home and request.path.startswith(url)]
    nearest = leading.get(max(above, key=len, default=home if request.path == home else ""), "")
    return Menu(kind, [Item(text, url, url == request.path, url == nearest) for text, url in found])


def audience(request):
    """Return the kind of menu and its places for whoever asks, from what the page's guard already found out."""
    user = getattr(request, "user", None)
    if HELPING in getattr(request, "session", {}):
        return "carer", HELPER
    if getattr(request, "award", None):
        return "carer", CARER
    if user is None or not user.is_authenticated:
        return ("carer", CARER) if has_open_award(request) else ("public", PUBLIC)
    if getattr(request, "provider", None):
        if request.provider.state not in Provider.NOT_JOINED:
            return "provider", POSTS[request.post.kind]
        # What was sent cannot be changed while the carers team looks at it.
        may_change = request.provider.state in Provider.MAY_CHANGE
        return "provider", [place for place in JOINING if may_change or place[0] != "provider:offers"]
    roles = getattr(request, "roles", None)
    if roles is None:
        # A public page, opened by someone who signed in: one look at what they are.
        roles = set(user.roles.values_list("kind", flat=True))
    if roles:
        places = [place for role, its_places in STAFF.items() if role in roles for place in its_places]
        return "staff", list(dict.fromkeys(places))
    if has_open_award(request):
        return "carer", CARER
    posts = set(user.provider_posts.values_list("kind", flat=True))
    if not posts:
        return "public", PUBLIC
    return "provider", provider_places(posts)


def provider_places(posts):
    """Return the menu of somebody who has these kinds of post: that of the one that may do most."""
    return next(places for kind, places in POSTS.items() if kind in posts)


def has_open_award(request):
    return bool(getattr(request, "session", None) and request.session.get(OPEN_AWARD))


def address(name, *args):
    """Return where a place of the menu is, or nothing while the site has no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
