"""What makes an offer easy to reach and to use; the keys stand in offers.csv and in the database."""

from django.utils.translation import gettext_lazy as _

FEATURES = {
    "step-free": _("Step-free"),
    "accessible toilet": _("Accessible toilet"),
    "hearing loop": _("Hearing loop"),
    "quiet space": _("Quiet space"),
    "accessible parking": _("Accessible parking"),
    "changing place": _("Changing Places toilet"),
    "assistance dogs": _("Assistance dogs welcome"),
    "wheelchair transport": _("Carries a wheelchair"),
}


def names(keys):
    """Return the features' names in the active language, in the order of the table above."""
    return [str(name) for key, name in FEATURES.items() if key in keys]
