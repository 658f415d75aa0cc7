"""Money, hours, days and times as people read them, in both languages: the filters of accounts.wording."""

from django import template
from django.utils.html import format_html

from accounts import wording
from accounts.models import in_language, only_language

register = template.Library()


def _told(function):
    """Make a filter that prints nothing for nothing, so that a missing date never reads "None"."""

    def told(value, *options):
        return "" if value is None or value == "" else function(value, *options)

    return told


@register.filter
def money(pence, style=""):
    """`{{ pence|money }}` "£60"; `{{ pence|money:"exact" }}` "£60.00", for columns."""
    return _told(wording.money)(pence, style == "exact")


@register.filter
def amount(value, unit):
    """`{{ value|amount:award.unit }}`: money or hours."""
    return _told(wording.amount)(value, unit)


@register.filter
def exact_amount(value, unit):
    """`{{ value|exact_amount:award.unit }}`: as amount, with pence always shown, for columns."""
    return _told(wording.amount)(value, unit, True)


@register.filter
def day(date, style=""):
    """`{{ date|day }}` "Thursday 3 December"; `day:"long"` with the year; `day:"short"` "3 December 2026"."""
    return _told(wording.day)(date, style)


@register.filter
def moment(at, style=""):
    """`{{ at|moment }}` "Thursday 3 December at 2.30pm"; styles as for day."""
    return _told(wording.moment)(at, style)


@register.filter
def until(start, end):
    """`{{ starts_at|until:ends_at }}` "Thursday 3 December, 2pm to 5pm"."""
    return _told(wording.span)(start, end)


@register.filter
def in_short(name):
    """`{{ provider.name|in_short }}`: a long name cut between two words, for a text message."""
    return wording.in_short(str(name))


@register.filter
def time_left(last_day, on):
    """`{{ award.last_day|time_left:today }}` "5 weeks left"."""
    return _told(wording.time_left)(last_day, on)


@register.filter
def spoken(row, field):
    """`{{ offer|spoken:"title" }}`: a bilingual text, marked with its language where it is not the page's.

    A screen reader then says an English title on a Welsh page with an English voice.
    """
    text, language = in_language(row, field), only_language(row, field)
    return format_html('<span lang="{}">{}</span>', language, text) if language else text


register.filter("hours", _told(wording.hours))
register.filter("time", _told(wording.time))
register.filter("miles", _told(wording.miles))
register.filter("joined", wording.joined)
