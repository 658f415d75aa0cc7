"""The addresses of people who work for a provider."""

from django.urls import path

from voucher.views import calendars as calendar_pages
from voucher.views.provider import after as provider_after
from voucher.views.provider import bank as provider_bank
from voucher.views.provider import closing as provider_closing
from voucher.views.provider import desk as provider_desk
from voucher.views.provider import details as provider_details
from voucher.views.provider import door as provider_door
from voucher.views.provider import earlier as provider_earlier
from voucher.views.provider import feed as provider_feed
from voucher.views.provider import figures as provider_figures
from voucher.views.provider import hours as provider_hours
from voucher.views.provider import inbox as provider_inbox
from voucher.views.provider import joining as provider_joining
from voucher.views.provider import money as provider_money
from voucher.views.provider import offer_photos as provider_offer_photos
from voucher.views.provider import offers as provider_offers
from voucher.views.provider import own_money as provider_own_money
from voucher.views.provider import paper_lists as provider_paper_lists
from voucher.views.provider import papers as provider_papers
from voucher.views.provider import phone as provider_phone
from voucher.views.provider import prices as provider_prices
from voucher.views.provider import requests as provider_pages
from voucher.views.provider import staff as provider_staff
from voucher.views.provider import times as provider_times
from voucher.views.provider import vat as provider_vat

urlpatterns = [
    path("", provider_inbox.inbox, name="inbox"),
    path("bookings/", provider_earlier.earlier, name="earlier"),
    path("bookings/<slug:ref>/", provider_pages.booking, name="booking"),
    path("bookings/<slug:ref>/calendar.ics", calendar_pages.for_provider, name="calendar"),
    path("bookings/<slug:ref>/confirm/", provider_pages.confirm, name="confirm"),
    path("bookings/<slug:ref>/decline/", provider_pages.decline, name="decline"),
    path("bookings/<slug:ref>/times/", provider_times.suggest, name="suggest"),
    path("bookings/<slug:ref>/times/back/", provider_pages.take_back_times, name="take_back_times"),
    path("bookings/<slug:ref>/move/", provider_times.accept_move, name="accept_move"),
    path("bookings/<slug:ref>/leave/", provider_times.decline_move, name="decline_move"),
    path("bookings/<slug:ref>/given/", provider_pages.deliver, name="deliver"),
    path("bookings/<slug:ref>/given/undo/", provider_pages.undo, name="undo"),
    path("bookings/<slug:ref>/not-given/", provider_pages.did_not_happen, name="did_not_happen"),
    path("bookings/<slug:ref>/cancel/", provider_pages.cancel, name="cancel"),
    path("bookings/<slug:ref>/how-it-was/", provider_after.account, name="account"),
    path("bookings/<slug:ref>/appeal/", provider_after.appeal, name="appeal"),
    path("bookings/<slug:ref>/we-were-there/", provider_after.we_were_there, name="we_were_there"),
    path("bookings/<slug:ref>/contact/", provider_pages.contact, name="contact"),
    path("diary/", provider_desk.diary, name="diary"),
    path("diary/enter/", provider_paper_lists.choose_day, name="choose_day"),
    path("diary/<slug:day>/", provider_desk.day_list, name="day_list"),
    path("diary/<slug:day>/enter/", provider_paper_lists.enter_day, name="enter_day"),
    path("offers/", provider_offers.offers, name="offers"),
    path("offers/new/", provider_offers.new_offer, name="new_offer"),
    path("offers/<int:number>/", provider_offers.offer, name="offer"),
    path("offers/<int:number>/edit/<slug:part>/", provider_offers.edit_offer, name="edit_offer"),
    path("offers/<int:number>/hours/", provider_hours.hours, name="hours"),
    path("offers/<int:number>/send/", provider_offers.send_offer, name="send_offer"),
    path("offers/<int:number>/take-back/", provider_offers.take_back, name="take_back"),
    path("offers/<int:number>/hide/", provider_offers.hide_offer, name="hide_offer"),
    path("offers/<int:number>/show/", provider_offers.show_offer, name="show_offer"),
    path("offers/<int:number>/withdraw/", provider_offers.withdraw_offer, name="withdraw_offer"),
    path("offers/<int:number>/photos/", provider_offer_photos.offer_photos, name="offer_photos"),
    path("offers/<int:number>/photos/<int:pk>/", provider_offer_photos.change_photo, name="change_photo"),
    path("offers/<int:number>/photos/<int:pk>/words/", provider_offer_photos.describe_photo, name="describe_photo"),
    path("vat/", provider_vat.vat_page, name="vat"),
    path("offers/<int:number>/prices/", provider_prices.price_page, name="prices"),
    path("offers/<int:number>/prices/take-back/", provider_prices.take_back, name="take_back_price"),
    path("code/", provider_door.check_code, name="check_code"),
    path("code/walk-ins/", provider_door.take_walk_in, name="take_walk_in"),
    path("code/walk-ins/<slug:ref>/", provider_door.walk_in, name="walk_in"),
    path("phone/", provider_phone.phone, name="phone"),
    path("bank/", provider_bank.bank, name="bank"),
    path("bank/<int:pk>/withdraw/", provider_bank.withdraw_bank, name="withdraw_bank"),
    path("close/", provider_closing.close, name="close"),
    path("close/not/", provider_closing.not_close, name="not_close"),
    path("own-money/", provider_own_money.own_money_page, name="own_money"),
    path("own-money/account/", provider_own_money.card_account, name="card_account"),
    path("own-money/account/back/", provider_own_money.card_account_back, name="card_account_back"),
    path("bookings/<slug:ref>/claim/undo/", provider_money.withdraw, name="withdraw"),
    path("service/", provider_details.service, name="service"),
    path("service/details/", provider_details.change_details, name="details"),
    path("service/pause/", provider_details.pause, name="pause"),
    path("service/pause/back/", provider_details.back, name="back"),
    path("service/calendar/", provider_feed.page, name="feed"),
    path("service/calendar/new/", provider_feed.make, name="make_feed"),
    path("service/calendar/stop/", provider_feed.stop, name="stop_feed"),
    path("service/news/", provider_staff.news, name="news"),
    path("service/people/", provider_staff.people_here, name="staff"),
    path("service/people/invite/", provider_staff.invite, name="invite"),
    path("service/people/hand-over/", provider_staff.hand_over, name="hand_over"),
    path("service/people/<int:pk>/", provider_staff.colleague, name="colleague"),
    path("service/people/<int:pk>/remove/", provider_staff.remove, name="remove_colleague"),
    path("service/leave/", provider_staff.leave, name="leave"),
    path("papers/", provider_papers.papers_page, name="papers"),
    path("papers/files/<int:pk>/", provider_papers.paper_file, name="paper_file"),
    path("papers/what-you-do/", provider_papers.what_you_do, name="what_you_do"),
    path("papers/number/", provider_papers.registration, name="registration"),
    path("papers/workers/add/", provider_papers.add_check, name="add_check"),
    path("papers/workers/<int:pk>/end/", provider_papers.end_check, name="end_check"),
    path("papers/offers/<int:number>/<slug:duty>/", provider_papers.exemption, name="exemption"),
    path("papers/<slug:kind>/", provider_papers.paper, name="paper"),
    path("money/", provider_money.money, name="money"),
    path("money/claim/<slug:council>/", provider_money.make_claim, name="make_claim"),
    path("money/figures/", provider_figures.figures, name="figures"),
    path("money/figures/<slug:key>.pdf", provider_figures.paper_statement, name="figures_paper"),
    path("money/figures/<slug:kind>/<slug:key>.<slug:extension>", provider_figures.table, name="table"),
    path("money/<int:number>/", provider_money.statement, name="claim"),
    path("money/remittances/", provider_money.remittances, name="remittances"),
    path("money/remittances/<int:number>/", provider_money.remittance, name="remittance"),
    path("joining/", provider_joining.task_list, name="joining"),
    path("joining/send/", provider_joining.send, name="joining_send"),
    path("joining/back/", provider_joining.take_back, name="joining_back"),
    path("joining/withdraw/", provider_joining.withdraw, name="joining_withdraw"),
    path("joining/<slug:step>/", provider_joining.step, name="joining_step"),
]
