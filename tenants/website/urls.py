"""Addresses of the site outside Wagtail's page tree."""

from django.urls import path

from tenants.website.views import booking, details, my, offers, site, visits, waitlist

urlpatterns = [
    path("brand.css", site.brand_css, name="brand_css"),
    path("robots.txt", site.robots_txt, name="robots_txt"),
    path("sitemap.xml", site.sitemap_xml, name="sitemap_xml"),
    path("book/", booking.start, name="book"),
    path("book/time/", booking.time, name="book_time"),
    path("book/contacts/", details.contacts, name="book_contacts"),
    path("book/waitlist/", waitlist.join, name="book_waitlist"),
    path("visits/offer/<str:token>/", offers.offer, name="visit_offer"),
    path("visits/proposal/<str:token>/", offers.proposal, name="visit_proposal"),
    path("visits/waiting/<str:token>/", offers.waiting, name="visit_waiting"),
    path("visits/<str:token>/earlier/", waitlist.earlier, name="visit_earlier"),
    path("visits/<str:token>/", visits.show, name="visit"),
    path("visits/<str:token>/booked/", visits.booked, name="visit_booked"),
    path("visits/<str:token>/cancel/", visits.cancel, name="visit_cancel"),
    path("visits/<str:token>/move/", visits.move, name="visit_move"),
    path("visits/<str:token>/move/check/", visits.move_check, name="visit_move_check"),
    path("visits/<str:token>/visit.ics", visits.calendar, name="visit_calendar"),
    path("my/", my.visits, name="my_visits"),
]
