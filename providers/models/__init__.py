"""Organisations and sole traders who give breaks, the people who work there, what they show, where they are paid."""

from providers.models.bank import BankAccount as BankAccount
from providers.models.feeds import CalendarFeed as CalendarFeed
from providers.models.joining import JoiningNote as JoiningNote
from providers.models.joining import MentorPoint as MentorPoint
from providers.models.organisations import Provider as Provider
from providers.models.organisations import Staff as Staff
from providers.models.papers import DbsCheck as DbsCheck
from providers.models.papers import Document as Document
