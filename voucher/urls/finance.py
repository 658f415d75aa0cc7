"""The addresses of council finance."""

from django.urls import path

from voucher.views import finance as finance_pages

urlpatterns = [
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
