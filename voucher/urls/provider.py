"""The addresses of people who work for a provider."""

from django.urls import path

from voucher.views import calendars as calendar_pages
from voucher.views.provider import after as provider_after
from voucher.views.provider import desk as provider_desk
from voucher.views.provider import money as provider_money
from voucher.views.provider import own_money as provider_own_money
from voucher.views.provider import phone as provider_phone
from voucher.views.provider import requests as provider_pages
from voucher.views.provider import times as provider_times

urlpatterns = [
    path("", provider_pages.inbox, name="inbox"),
    path("bookings/<slug:ref>/", provider_pages.booking, name="booking"),
    path("bookings/<slug:ref>/calendar.ics", calendar_pages.for_provider, name="calendar"),
    path("bookings/<slug:ref>/confirm/", provider_pages.confirm, name="confirm"),
    path("bookings/<slug:ref>/decline/", provider_pages.decline, name="decline"),
    path("bookings/<slug:ref>/times/", provider_times.suggest, name="suggest"),
    path("bookings/<slug:ref>/move/", provider_times.accept_move, name="accept_move"),
    path("bookings/<slug:ref>/leave/", provider_times.decline_move, name="decline_move"),
    path("bookings/<slug:ref>/given/", provider_pages.deliver, name="deliver"),
    path("bookings/<slug:ref>/given/undo/", provider_pages.undo, name="undo"),
    path("bookings/<slug:ref>/not-given/", provider_pages.did_not_happen, name="did_not_happen"),
    path("bookings/<slug:ref>/cancel/", provider_pages.cancel, name="cancel"),
    path("bookings/<slug:ref>/how-it-was/", provider_after.account, name="account"),
    path("bookings/<slug:ref>/we-were-there/", provider_after.we_were_there, name="we_were_there"),
    path("bookings/<slug:ref>/contact/", provider_pages.contact, name="contact"),
    path("diary/", provider_desk.diary, name="diary"),
    path("diary/<slug:day>/", provider_desk.day_list, name="day_list"),
    path("offers/", provider_desk.offers, name="offers"),
    path("code/", provider_desk.check_code, name="check_code"),
    path("phone/", provider_phone.phone, name="phone"),
    path("own-money/", provider_own_money.own_money_page, name="own_money"),
    path("own-money/account/", provider_own_money.card_account, name="card_account"),
    path("own-money/account/back/", provider_own_money.card_account_back, name="card_account_back"),
    path("money/", provider_money.money, name="money"),
    path("money/claim/<slug:council>/", provider_money.make_claim, name="make_claim"),
    path("money/<int:number>/", provider_money.statement, name="claim"),
    path("money/remittances/<int:number>/", provider_money.remittance, name="remittance"),
]
