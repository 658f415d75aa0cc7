"""Every address of the site; each page has its Welsh twin below /cy/, at the same path."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from voucher.views import public as public_pages
from voucher.views import demo, entrance
from voucher.views import ask as ask_pages
from voucher.views import carer as carer_pages
from voucher.views import open_award
from voucher.views import audit as audit_pages
from voucher.views import people as people_pages
from voucher.views import provider as provider_pages
from voucher.views import provider_desk, provider_money

public = [
    path("", public_pages.home, name="home"),
    path("v/", open_award.voucher, name="voucher"),
    path("open/", open_award.open_award, name="open_award"),
    path("privacy/", public_pages.privacy, name="privacy"),
    path("accessibility/", public_pages.accessibility, name="accessibility"),
    path("cookies/", public_pages.cookies, name="cookies"),
    path("contact/", public_pages.contact, name="contact"),
    path("demo/", demo.show, name="demo"),
    path("account/go/", entrance.after_sign_in, name="after_sign_in"),
    path("account/council/", entrance.choose_council, name="choose_council"),
    path("account/provider/", entrance.choose_provider, name="choose_provider"),
]

my = [
    path("", carer_pages.award, name="award"),
    path("statement/", carer_pages.statement, name="statement"),
    path("ask/<slug:slug>/", ask_pages.ask, name="ask"),
    path("bookings/<slug:ref>/", carer_pages.booking, name="booking"),
    path("bookings/<slug:ref>/asked/", carer_pages.asked, name="asked"),
    path("bookings/<slug:ref>/cancel/", carer_pages.cancel, name="cancel"),
    path("bookings/<slug:ref>/did-not-happen/", carer_pages.did_not_happen, name="did_not_happen"),
    path("choose/", carer_pages.choose, name="choose"),
    path("keep/", open_award.keep, name="keep"),
    path("leave/", open_award.leave, name="leave"),
]

provider = [
    path("", provider_pages.inbox, name="inbox"),
    path("bookings/<slug:ref>/", provider_pages.booking, name="booking"),
    path("bookings/<slug:ref>/confirm/", provider_pages.confirm, name="confirm"),
    path("bookings/<slug:ref>/decline/", provider_pages.decline, name="decline"),
    path("bookings/<slug:ref>/given/", provider_pages.deliver, name="deliver"),
    path("bookings/<slug:ref>/given/undo/", provider_pages.undo, name="undo"),
    path("bookings/<slug:ref>/not-given/", provider_pages.did_not_happen, name="did_not_happen"),
    path("bookings/<slug:ref>/cancel/", provider_pages.cancel, name="cancel"),
    path("bookings/<slug:ref>/contact/", provider_pages.contact, name="contact"),
    path("diary/", provider_desk.diary, name="diary"),
    path("diary/<slug:day>/", provider_desk.day_list, name="day_list"),
    path("offers/", provider_desk.offers, name="offers"),
    path("code/", provider_desk.check_code, name="check_code"),
    path("money/", provider_money.money, name="money"),
    path("money/claim/<slug:council>/", provider_money.make_claim, name="make_claim"),
    path("claims/<int:number>/", provider_money.statement, name="claim"),
    path("remittances/<int:number>/", provider_money.remittance, name="remittance"),
]

team = []

finance = []

audit = [
    path("", audit_pages.history_list, name="history"),
    path("history.csv", audit_pages.history_csv, name="history_csv"),
]

people = [
    path("", people_pages.people_list, name="list"),
    path("invite/", people_pages.invite, name="invite"),
    path("<int:pk>/", people_pages.person, name="person"),
    path("<int:pk>/roles/<slug:kind>/remove/", people_pages.remove_role, name="remove_role"),
    path("<int:pk>/posts/<int:provider>/remove/", people_pages.remove_post, name="remove_post"),
    path("<int:pk>/close/", people_pages.close, name="close"),
    path("<int:pk>/reopen/", people_pages.reopen, name="reopen"),
]

urlpatterns = [
    # Addresses without a language: health, web hooks, files.
    path("healthz", public_pages.healthz),
    path("readyz", public_pages.readyz),
]

urlpatterns += i18n_patterns(
    path("", include(public)),
    path("my/", include((my, "my"))),
    path("provider/", include((provider, "provider"))),
    path("team/", include((team, "team"))),
    path("finance/", include((finance, "finance"))),
    path("audit/", include((audit, "audit"))),
    path("people/", include((people, "people"))),
    path("account/", include("accounts.sign_in_urls")),
    prefix_default_language=False,
)
