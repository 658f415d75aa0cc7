"""The addresses of the carers team."""

from django.urls import path

from voucher.views import brochure_desk as brochure_desk_pages
from voucher.views import papers
from voucher.views.team import after as team_after
from voucher.views.team import appeals as team_appeals
from voucher.views.team import applications as team_application_pages
from voucher.views.team import awards as team_award_pages
from voucher.views.team import bookings as team_booking_pages
from voucher.views.team import carer as team_carer_pages
from voucher.views.team import fill_rate as team_fill_rate
from voucher.views.team import joining as team_joining
from voucher.views.team import legal_forms as team_legal_forms
from voucher.views.team import messages as team_message_pages
from voucher.views.team import offers as team_offers
from voucher.views.team import outcomes as team_outcomes
from voucher.views.team import papers as team_papers
from voucher.views.team import queue as team_pages
from voucher.views.team import standing as team_standing
from voucher.views.team import telephone as team_telephone
from voucher.views.team import wishes as team_wishes

urlpatterns = [
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
    path("bookings/<slug:ref>/confirm/", team_booking_pages.confirm, name="confirm"),
    path("bookings/<slug:ref>/decline/", team_booking_pages.decline, name="decline"),
    path("bookings/<slug:ref>/given/", team_booking_pages.deliver, name="deliver"),
    path("bookings/<slug:ref>/not-given/", team_booking_pages.did_not_happen, name="did_not_happen"),
    path("bookings/<slug:ref>/cancel/", team_booking_pages.cancel, name="cancel"),
    path("bookings/<slug:ref>/claim/", team_booking_pages.claim, name="claim"),
    path("bookings/<slug:ref>/told/", team_pages.told, name="told"),
    path("bookings/<slug:ref>/dispute/", team_after.resolve, name="resolve"),
    path("bookings/<slug:ref>/carer-was-there/", team_after.carer_was_there, name="carer_was_there"),
    path("tasks/", team_after.task_list, name="tasks"),
    path("tasks/<int:pk>/done/", team_after.task_done, name="task_done"),
    path("tasks/<int:pk>/answer/", team_appeals.answer, name="appeal"),
    path("tasks/<int:pk>/let-go/", team_after.task_let_go, name="task_let_go"),
    path("tasks/<int:pk>/pay/", team_after.task_pay, name="task_pay"),
    path("tasks/<int:pk>/dispute/", team_after.task_dispute, name="task_dispute"),
    path("tasks/<int:pk>/rearrange/", team_papers.rearrange, name="rearrange"),
    path("papers/", team_papers.waiting, name="papers"),
    path("papers/<int:pk>/", team_papers.paper, name="paper"),
    path("papers/<int:pk>/file/", team_papers.paper_file, name="paper_file"),
    path("providers/<slug:ref>/papers/<slug:kind>/let-go/", team_papers.let_go, name="let_go"),
    path("exemptions/<int:pk>/", team_papers.exemption, name="exemption"),
    path("offers/<int:number>/no-check/", team_papers.no_check, name="no_check"),
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
    path("answers/", team_fill_rate.report, name="fill_rate"),
    path("legal-forms/", team_legal_forms.report, name="legal_forms"),
    path("legal-forms.csv", team_legal_forms.report_csv, name="legal_forms_csv"),
    path("brochure/", brochure_desk_pages.editions, name="editions"),
    path("brochure/make/", brochure_desk_pages.make_edition, name="make_edition"),
    path("wishes/", team_wishes.themes, name="wishes"),
    path("wishes/<slug:theme>/", team_wishes.theme, name="wishes_theme"),
    path("wishes/<int:pk>/theme/", team_wishes.confirm, name="confirm_wish"),
    path("wishes/<int:pk>/close/", team_wishes.close, name="close_wish"),
    path("offers/", team_offers.offer_list, name="offers"),
    path("offers/<int:number>/", team_offers.offer, name="offer"),
    path("offers/<int:number>/photos/<int:pk>/", team_offers.offer_photo, name="offer_photo"),
    path("providers/", team_pages.providers, name="providers"),
    path("providers/invite/", team_joining.invite, name="invite_provider"),
    path("providers/<slug:ref>/what-it-is/", team_standing.what_it_is, name="what_it_is"),
    path("providers/<slug:ref>/stop/", team_standing.stop, name="stop"),
    path("providers/<slug:ref>/go-on/", team_standing.go_on, name="go_on"),
    path("providers/<slug:ref>/close/", team_standing.close, name="close_provider"),
    path("providers/<slug:ref>/not-close/", team_standing.not_close, name="not_close"),
    path("providers/<slug:ref>/", team_pages.provider, name="provider"),
    path("joining/", team_joining.joiners, name="joining"),
    path("joining/<slug:ref>/", team_joining.joiner, name="joiner"),
    path("joining/<slug:ref>/ask/", team_joining.ask, name="ask_joiner"),
    path("joining/<slug:ref>/refuse/", team_joining.refuse, name="refuse_joiner"),
    path("joining/<slug:ref>/approve/", team_joining.approve, name="approve_joiner"),
    path("joining/<slug:ref>/first-months/", team_joining.mentor, name="mentor"),
    path("joining/<slug:ref>/first-months/over/", team_joining.end_first_months, name="end_first_months"),
    path("joining/<slug:ref>/first-months/longer/", team_joining.look_longer, name="look_longer"),
]
