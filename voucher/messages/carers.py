"""News of what a carer has with us: the PIN, the code, the account, who may act for her, a wish that is met."""

import secrets

from accounts import mail
from voucher.messages.telling import about_carer
from voucher.messages.writing import to_carer
from voucher.models import Carer


def pin_changed(carer, *, has_pin, now):
    """Tell the carer that the PIN was set or changed (`has_pin`) or taken away, in case it was not they who did it."""
    about_carer("pin_changed", carer, {"has_pin": has_pin}, key=f"{carer.pk}/{now.isoformat()}")


def code_bound(carer, *, now):
    """Tell the carer that from now on the code works only with their sign-in, or alone again."""
    context = {"bound": carer.code_bound_at is not None}
    about_carer("code_bound", carer, context, key=f"{carer.pk}/{now.isoformat()}")


def account_made(carer, *, noted_address):
    """Tell the carer that the award is in an account; where the address was new to us, by a letter to the door."""
    context = {"noted_address": noted_address, "email": carer.email}
    way = Carer.ContactBy.POST if noted_address else None
    about_carer("account_made", carer, context, key=f"{carer.pk}/{carer.user_id}", way=way)


def address_code(carer, *, email, code, now):
    """Queue the code that proves an e-mail address; returns its row, to be sent while somebody waits for it."""
    context = {"carer": carer, "scheme": carer.council.scheme, "code": code}
    key = f"address_code/{carer.pk}/{now.isoformat()}/{secrets.token_hex(4)}"
    return mail.write("address_code", to=email, language=carer.language, context=context, dedupe_key=key)


def permission_given(permission):
    """Tell the carer who may act for them and until when, and the helper how to begin."""
    carer = permission.carer
    context = {"permission": permission, "helper": permission.called}
    about_carer("permission_given", carer, context, key=permission.pk)
    helper = permission.helper
    mail.write(
        "permission_for_helper",
        to=helper.email,
        language=helper.language,
        context={"carer": carer, "scheme": carer.council.scheme} | context,
        dedupe_key=f"permission_for_helper/{permission.pk}",
        council=carer.council,
    )


def wish_met(wish):
    """Tell a carer once that something like what she wished for is in the brochure now (R38)."""
    to_carer("wish_met", wish.carer, {"wish": wish, "offer": wish.met_by}, f"wish_met/{wish.pk}", about=wish)
