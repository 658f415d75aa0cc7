"""The addresses of a carer whose award is open."""

from django.urls import path

from voucher.views import calendars as calendar_pages
from voucher.views import helping as helping_pages
from voucher.views import papers
from voucher.views.my import account as account_pages
from voucher.views.my import after as carer_after
from voucher.views.my import answers as carer_answers
from voucher.views.my import applications as application_pages
from voucher.views.my import ask as ask_pages
from voucher.views.my import ask_more, open_award
from voucher.views.my import award as carer_pages
from voucher.views.my import changes as my_changes
from voucher.views.my import finding as carer_finding
from voucher.views.my import handovers as my_handovers
from voucher.views.my import own_money as own_money_pages
from voucher.views.my import record as my_record
from voucher.views.my import waiting as waiting_pages
from voucher.views.my import walk_ins as my_walk_ins

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
    path("wait/<slug:slug>/", waiting_pages.wait, name="wait"),
    path("waiting/<int:number>/", waiting_pages.waiting, name="waiting"),
    path("waiting/<int:number>/take/", waiting_pages.take, name="take_place"),
    path("waiting/<int:number>/leave/", waiting_pages.leave, name="leave_line"),
    path("ask/<slug:slug>/more/", own_money_pages.too_dear, name="too_dear"),
    path("ask/<slug:slug>/own/", own_money_pages.ask_own, name="ask_own"),
    path("bookings/<slug:ref>/pay/", own_money_pages.pay, name="pay"),
    path("bookings/<slug:ref>/paid/", own_money_pages.paid, name="paid"),
    path("bookings/<slug:ref>/cancel/", carer_pages.cancel, name="cancel"),
    path("bookings/<slug:ref>/take/", my_changes.take, name="take"),
    path("bookings/<slug:ref>/none-suits/", my_changes.take_none, name="take_none"),
    path("bookings/<slug:ref>/handover/", my_handovers.answer, name="handover"),
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
    path("walk-ins/<slug:ref>/", my_walk_ins.walk_in, name="walk_in"),
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
