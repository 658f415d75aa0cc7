"""Money, hours, days and times as people read them, in both languages."""

from django import template

register = template.Library()
