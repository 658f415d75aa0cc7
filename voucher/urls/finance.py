"""The addresses of council finance."""

from django.urls import path

from voucher.views.finance import bank_accounts as account_pages
from voucher.views.finance import invoices
from voucher.views.finance import runs as finance_pages
from voucher.views.finance import waiting as finance_waiting
from voucher.views.finance import withholding as withholding_pages

urlpatterns = [
    path("", finance_pages.runs, name="runs"),
    path("prepare/", finance_pages.prepare, name="prepare"),
    path("runs/<int:number>/", finance_pages.run, name="run"),
    path("runs/<int:number>/release/", finance_pages.release, name="release"),
    path("runs/<int:number>/void/", finance_pages.void, name="void"),
    path("runs/<int:number>/files/", finance_pages.make_files, name="make_files"),
    path("runs/<int:number>/files/<int:pk>/", finance_pages.file, name="file"),
    path("runs/<int:number>/report/", finance_pages.report, name="report"),
    path("runs/<int:number>/returned/", account_pages.returned, name="returned"),
    path("accounts/", account_pages.accounts, name="accounts"),
    path("accounts/<int:pk>/", account_pages.account, name="account"),
    path("accounts/<int:pk>/called/", account_pages.called, name="called"),
    path("accounts/<int:pk>/agree/", account_pages.agree, name="agree"),
    path("accounts/<int:pk>/refuse/", account_pages.refuse, name="refuse"),
    path("accounts/returned/<int:pk>/clear/", account_pages.clear, name="clear"),
    path("funds/", finance_pages.funds, name="funds"),
    path("overdue/", finance_waiting.overdue, name="overdue"),
    path("invoices/", invoices.invoice_list, name="invoices"),
    path("invoices/to/<slug:ref>/", invoices.write, name="write_invoice"),
    path("invoices/<int:pk>/paid/", invoices.paid, name="invoice_paid"),
    path("invoices/<int:pk>/withdraw/", invoices.withdraw, name="withdraw_invoice"),
    path("invoices/<int:pk>/write-off/", invoices.ask_to_write_off, name="ask_write_off"),
    path("invoices/<int:pk>/write-off/agree/", invoices.write_off, name="write_off"),
    path("invoices/<int:pk>/write-off/keep/", invoices.keep_open, name="keep_invoice_open"),
    path("withheld/", withholding_pages.withheld, name="withheld"),
    path("withheld/new/", withholding_pages.withhold, name="withhold"),
    path("withheld/<int:pk>/end/", withholding_pages.let_go, name="let_go"),
    path("lines/<int:number>/asked/", finance_waiting.asked, name="asked"),
]
