"""Settings of the scheme in the words of the history: their names, and what they were and are."""

from functools import partial

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import wording


def _yes_or_no(value):
    return gettext("yes") if value else gettext("no")


def _per_cent(value):
    return f"{value}%"


def _weekday(number):
    return wording.WEEKDAYS[wording.language()][number]


def _counted(noun):
    return partial(wording.numbered, noun=noun)


# Each setting that a page changes: its name, and how its value is read.
SETTINGS = {
    "account_working_days": (_("time until a changed bank account is used"), _counted("working day")),
    "answer_working_days": (_("time to answer a request"), _counted("working day")),
    "answer_working_days_overnight": (_("time to answer a request for a night"), _counted("working day")),
    "claim_window_days": (_("time to claim a break"), _counted("day")),
    "free_cancel_hours": (_("time before a break until which cancelling is free"), _counted("hour")),
    "joining_working_days": (_("time to answer a provider that would like to join"), _counted("working day")),
    "late_cancel_percent": (_("share of the price that a late cancellation costs"), _per_cent),
    "pay_working_days": (_("time from gathering the claims until the money is there"), _counted("working day")),
    "pays_by_card_company": (_("paying providers through the card company"), _yes_or_no),
    "price_notice_days": (_("notice of a dearer price"), _counted("day")),
    "price_rise_percent": (_("rise of a price above which the team looks first"), _per_cent),
    "provisional_months": (_("time in which a new provider is looked after"), _counted("month")),
    "run_weekday": (_("day on which claims are gathered"), _weekday),
    "team_address": (_("postal address of the carers team"), str),
    "team_email": (_("e-mail address of the carers team"), str),
    "team_phone": (_("telephone number of the carers team"), str),
    "unanswered_before_pause": (_("requests without an answer until a provider is paused"), str),
    "validity_months": (_("time for which a new award lasts"), _counted("month")),
    "worker_limit_minutes": (_("most hours that one worker grants alone"), wording.hours),
    "worker_limit_pence": (_("most money that one worker grants alone"), wording.money),
}


def changed(details):
    """Return on one line which settings were changed, and from what to what where the row says so.

    A value is a pair, what it was and what it is; in the oldest rows it is only what it became. `fields` names
    the settings whose values do not stand in the history.
    """
    told = [
        f"{_name(key)}: {_value(key, value)}" if key != "fields" else ", ".join(str(_name(each)) for each in value)
        # One database keeps the order in which they were written, the other has its own.
        for key, value in sorted(details.items(), key=lambda pair: (pair[0] == "fields", pair[0]))
    ]
    return "; ".join(told)


def _name(key):
    return SETTINGS[key][0] if key in SETTINGS else key


def _value(key, value):
    read = SETTINGS[key][1] if key in SETTINGS else str
    return " → ".join(read(each) for each in value) if isinstance(value, list) else read(value)
