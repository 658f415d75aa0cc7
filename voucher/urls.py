"""Every address of the site; each page has its Welsh twin below /cy/, at the same path."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path, re_path

from voucher.views import account as account_pages
from voucher.views import applications as application_pages
from voucher.views import ask as ask_pages
from voucher.views import (
    ask_more,
    carer_after,
    carer_answers,
    carer_finding,
    demo,
    entrance,
    my_changes,
    my_record,
    open_award,
    papers,
    provider_after,
    provider_desk,
    provider_money,
    provider_own_money,
    provider_phone,
    provider_times,
    scheme_settings,
    team_after,
    team_outcomes,
    team_telephone,
    team_wishes,
    webhooks,
)
from voucher.views import audit as audit_pages
from voucher.views import brochure as brochure_pages
from voucher.views import brochure_desk as brochure_desk_pages
from voucher.views import calendars as calendar_pages
from voucher.views import carer as carer_pages
from voucher.views import finance as finance_pages
from voucher.views import helping as helping_pages
from voucher.views import own_money as own_money_pages
from voucher.views import people as people_pages
from voucher.views import provider as provider_pages
from voucher.views import public as public_pages
from voucher.views import team as team_pages
from voucher.views import team_applications as team_application_pages
from voucher.views import team_awards as team_award_pages
from voucher.views import team_bookings as team_booking_pages
from voucher.views import team_carer as team_carer_pages
from voucher.views import team_messages as team_message_pages
from voucher.views import wishes as wish_pages

public = [
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
    path("wish/", wish_pages.wish, name="wish"),
    path("wish/thank-you/", wish_pages.thanks, name="wish_thanks"),
    path("demo/", demo.show, name="demo"),
    path("demo/letters/<int:pk>.pdf", demo.letter, name="demo_letter"),
    path("account/go/", entrance.after_sign_in, name="after_sign_in"),
    path("account/council/", entrance.choose_council, name="choose_council"),
    path("account/provider/", entrance.choose_provider, name="choose_provider"),
]

my = [
    path("", carer_pages.award, name="award"),
    path("statement/", carer_pages.statement, name="statement"),
    path("planner/", carer_finding.plan, name="planner"),
    path("saved/", carer_finding.saved, name="saved"),
    path("saved/<slug:slug>/", carer_finding.save, name="save"),
    path("saved/<slug:slug>/remove/", carer_finding.unsave, name="unsave"),
    path("ask/<slug:slug>/", ask_pages.ask, name="ask"),
    path("ask/<slug:slug>/another/", ask_more.another, name="ask_another"),
    path("ask/<slug:slug>/sitter/", ask_more.sitter, name="ask_sitter"),
    path("bookings/<slug:ref>/", carer_pages.booking, name="booking"),
    path("bookings/<slug:ref>/asked/", carer_pages.asked, name="asked"),
    path("bookings/<slug:ref>/calendar.ics", calendar_pages.for_carer, name="calendar"),
    path("ask/<slug:slug>/more/", own_money_pages.too_dear, name="too_dear"),
    path("ask/<slug:slug>/own/", own_money_pages.ask_own, name="ask_own"),
    path("bookings/<slug:ref>/pay/", own_money_pages.pay, name="pay"),
    path("bookings/<slug:ref>/paid/", own_money_pages.paid, name="paid"),
    path("bookings/<slug:ref>/cancel/", carer_pages.cancel, name="cancel"),
    path("bookings/<slug:ref>/take/", my_changes.take, name="take"),
    path("bookings/<slug:ref>/none-suits/", my_changes.take_none, name="take_none"),
    path("bookings/<slug:ref>/time/", my_changes.change_time, name="change_time"),
    path("bookings/<slug:ref>/keep-time/", my_changes.keep_time, name="keep_time"),
    path("bookings/<slug:ref>/emergency/", carer_after.emergency, name="emergency"),
    path("bookings/<slug:ref>/yes/", carer_after.agree, name="agree"),
    path("bookings/<slug:ref>/how-much/", carer_after.how_much, name="how_much"),
    path("bookings/<slug:ref>/did-not-happen/", carer_pages.did_not_happen, name="did_not_happen"),
    path("bookings/<slug:ref>/again/", carer_answers.again, name="again"),
    path("bookings/<slug:ref>/slip/", papers.slip, name="slip"),
    path("statement/paper/", papers.statement, name="statement_paper"),
    path("how-are-you/", carer_answers.questions, name="questions"),
    path("how-are-you/skip/", carer_answers.skip_questions, name="skip_questions"),
    path("more/<slug:kind>/", application_pages.apply, name="apply"),
    path("more/<int:number>/withdraw/", application_pages.withdraw, name="withdraw_application"),
    path("after-a-death/", application_pages.after_a_death, name="after_a_death"),
    path("choose/", carer_pages.choose, name="choose"),
    path("keep/", open_award.keep, name="keep"),
    path("leave/", open_award.leave, name="leave"),
    path("bookings/<slug:ref>/not-mine/", my_record.not_mine, name="not_mine"),
    path("account/", account_pages.account, name="account"),
    path("account/code/", account_pages.account_code, name="account_code"),
    path("account/bind/", account_pages.bind, name="bind"),
    path("account/unbind/", account_pages.unbind, name="unbind"),
    path("preferences/", account_pages.preferences, name="preferences"),
    path("pin/", account_pages.pin, name="pin"),
    path("helpers/", helping_pages.helpers, name="helpers"),
    path("helpers/<int:pk>/end/", helping_pages.end_helper, name="end_helper"),
    path("looks/", my_record.who_looked, name="who_looked"),
    path("data/", my_record.my_data, name="data"),
]

# A helper's own pages: to begin, and to end. What a helper does is done on the carer's pages.
helping = [
    path("", helping_pages.start, name="start"),
    path("begin/", helping_pages.begin, name="begin"),
    path("for/<int:pk>/", helping_pages.act_by_permission, name="act"),
    path("for/<int:pk>/end/", helping_pages.give_up, name="give_up"),
]

provider = [
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

team = [
    path("", team_pages.queue, name="queue"),
    path("search/", team_pages.search, name="search"),
    path("lists/<slug:kind>/", team_pages.listing, name="listing"),
    path("awards/new/", team_award_pages.issue, name="issue"),
    path("awards/<slug:ref>/", team_award_pages.award, name="award"),
    path("awards/<slug:ref>/code/", team_telephone.new_code, name="new_code"),
    path("awards/<slug:ref>/telephone/", team_telephone.telephone, name="telephone"),
    path("awards/<slug:ref>/telephone/pin/", team_telephone.check_pin, name="check_pin"),
    path("bookings/<slug:ref>/not-made/", team_telephone.not_made, name="not_made"),
    path("awards/<slug:ref>/code/stop/", team_award_pages.revoke, name="revoke"),
    path("awards/<slug:ref>/letter/", team_award_pages.print_letter, name="print_letter"),
    path("awards/<slug:ref>/book/", team_award_pages.book_for, name="book_for"),
    path("awards/<slug:ref>/carer/", team_carer_pages.carer, name="carer"),
    path("awards/<slug:ref>/value/", team_carer_pages.value, name="value"),
    path("awards/<slug:ref>/circumstances/<slug:kind>/", team_carer_pages.circumstance, name="circumstance"),
    path("awards/<slug:ref>/mistakes/<int:number>/", team_carer_pages.mistake, name="mistake"),
    path("applications/", team_application_pages.applications_page, name="applications"),
    path("applications/<int:number>/", team_application_pages.application, name="application"),
    path("bookings/<slug:ref>/", team_booking_pages.booking, name="booking"),
    path("bookings/<slug:ref>/given/", team_booking_pages.deliver, name="deliver"),
    path("bookings/<slug:ref>/not-given/", team_booking_pages.did_not_happen, name="did_not_happen"),
    path("bookings/<slug:ref>/cancel/", team_booking_pages.cancel, name="cancel"),
    path("bookings/<slug:ref>/claim/", team_booking_pages.claim, name="claim"),
    path("bookings/<slug:ref>/told/", team_pages.told, name="told"),
    path("bookings/<slug:ref>/dispute/", team_after.resolve, name="resolve"),
    path("tasks/", team_after.task_list, name="tasks"),
    path("tasks/<int:pk>/done/", team_after.task_done, name="task_done"),
    path("tasks/<int:pk>/pay/", team_after.task_pay, name="task_pay"),
    path("tasks/<int:pk>/dispute/", team_after.task_dispute, name="task_dispute"),
    path("disputes/", team_after.dispute_list, name="disputes"),
    path("bookings/<slug:ref>/slip/", papers.team_slip, name="slip"),
    path("awards/<slug:ref>/statement/", papers.team_statement, name="statement_paper"),
    path("messages/", team_message_pages.not_sent, name="not_sent"),
    path("messages/<int:pk>/again/", team_message_pages.try_again, name="try_again"),
    path("messages/<int:pk>/told/", team_message_pages.told, name="message_told"),
    path("letters/", team_award_pages.letters_page, name="letters"),
    path("letters/print/", team_award_pages.print_letters, name="print_letters"),
    path("outcomes/", team_outcomes.report, name="outcomes"),
    path("outcomes.csv", team_outcomes.report_csv, name="outcomes_csv"),
    path("brochure/", brochure_desk_pages.editions, name="editions"),
    path("brochure/make/", brochure_desk_pages.make_edition, name="make_edition"),
    path("wishes/", team_wishes.themes, name="wishes"),
    path("wishes/<slug:theme>/", team_wishes.theme, name="wishes_theme"),
    path("wishes/<int:pk>/theme/", team_wishes.confirm, name="confirm_wish"),
    path("wishes/<int:pk>/close/", team_wishes.close, name="close_wish"),
    path("providers/", team_pages.providers, name="providers"),
    path("providers/<slug:ref>/", team_pages.provider, name="provider"),
]

finance = [
    path("", finance_pages.runs, name="runs"),
    path("prepare/", finance_pages.prepare, name="prepare"),
    path("runs/<int:number>/", finance_pages.run, name="run"),
    path("runs/<int:number>/release/", finance_pages.release, name="release"),
    path("runs/<int:number>/void/", finance_pages.void, name="void"),
    path("runs/<int:number>/files/", finance_pages.make_files, name="make_files"),
    path("runs/<int:number>/files/<int:pk>/", finance_pages.file, name="file"),
    path("runs/<int:number>/report/", finance_pages.report, name="report"),
    path("funds/", finance_pages.funds, name="funds"),
    path("overdue/", finance_pages.overdue, name="overdue"),
]

audit = [
    path("", audit_pages.history_list, name="history"),
    path("history.csv", audit_pages.history_csv, name="history_csv"),
]

people = [
    path("", people_pages.people_list, name="list"),
    path("invite/", people_pages.invite, name="invite"),
    path("scheme/", scheme_settings.scheme, name="scheme"),
    path("<int:pk>/", people_pages.person, name="person"),
    path("<int:pk>/roles/<slug:kind>/remove/", people_pages.remove_role, name="remove_role"),
    path("<int:pk>/posts/<int:provider>/remove/", people_pages.remove_post, name="remove_post"),
    path("<int:pk>/close/", people_pages.close, name="close"),
    path("<int:pk>/reopen/", people_pages.reopen, name="reopen"),
    path("<int:pk>/second-step/reset/", people_pages.reset, name="reset"),
]

urlpatterns = [
    # Addresses without a language: health, web hooks, files.
    path("healthz", public_pages.healthz),
    path("readyz", public_pages.readyz),
    path("webhooks/stripe/", webhooks.stripe, name="stripe_events"),
    re_path(
        r"^brochure/editions/(?P<number>\d{1,6})/(?P<language>en|cy)\.pdf$",
        brochure_pages.edition_file,
        name="edition_file",
    ),
    re_path(
        r"^brochure/editions/(?P<number>\d{1,6})/(?P<language>en|cy)-large-print\.pdf$",
        brochure_pages.edition_file,
        {"large_print": True},
        name="edition_file_large",
    ),
]

urlpatterns += i18n_patterns(
    path("", include(public)),
    path("my/", include((my, "my"))),
    path("helping/", include((helping, "helping"))),
    path("provider/", include((provider, "provider"))),
    path("team/", include((team, "team"))),
    path("finance/", include((finance, "finance"))),
    path("audit/", include((audit, "audit"))),
    path("people/", include((people, "people"))),
    path("account/", include("accounts.sign_in_urls")),
    prefix_default_language=False,
)
