"""The addresses that everybody may open, with or without a code."""

from django.urls import path

from voucher.views import answer_links as answer_pages
from voucher.views import brochure as brochure_pages
from voucher.views import demo, entrance, join
from voucher.views import public as public_pages
from voucher.views import wishes as wish_pages
from voucher.views.my import open_award

urlpatterns = [
    path("", public_pages.home, name="home"),
    path("v/", open_award.voucher, name="voucher"),
    path("open/", open_award.open_award, name="open_award"),
    path("privacy/", public_pages.privacy, name="privacy"),
    path("accessibility/", public_pages.accessibility, name="accessibility"),
    path("cookies/", public_pages.cookies, name="cookies"),
    path("contact/", public_pages.contact, name="contact"),
    path("brochure/", brochure_pages.brochure, name="brochure"),
    path("brochure/activities/", brochure_pages.activities, name="activities"),
    path("brochure/editions/", brochure_pages.editions, name="editions"),
    path("brochure/<slug:category>/", brochure_pages.brochure, name="category"),
    path("offers/<slug:slug>/", brochure_pages.offer, name="offer"),
    path("o/<int:number>", brochure_pages.printed_offer, name="printed_offer"),
    path("answer/<str:token>/", answer_pages.answer, name="answer"),
    path("wish/", wish_pages.wish, name="wish"),
    path("wish/thank-you/", wish_pages.thanks, name="wish_thanks"),
    path("join/", join.join, name="join"),
    path("join/code/", join.code, name="join_code"),
    path("join/begin/", join.begin, name="join_begin"),
    path("join/terms/", join.terms, name="join_terms"),
    path("demo/", demo.show, name="demo"),
    path("demo/letters/<int:pk>.pdf", demo.letter, name="demo_letter"),
    path("account/go/", entrance.after_sign_in, name="after_sign_in"),
    path("account/council/", entrance.choose_council, name="choose_council"),
    path("account/provider/", entrance.choose_provider, name="choose_provider"),
]
