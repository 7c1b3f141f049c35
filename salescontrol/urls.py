"""Every address of the product."""

from django.urls import include, path

urlpatterns = [
    path("", include("salescontrol.core.urls")),
    path("", include("security.urls")),
    path("projects/", include("inventory.company_urls")),
    path("wall/", include("inventory.wall_urls")),
    path("", include("enquiries.day_urls")),
    path("p/<slug:code>/holds/", include("contracts.urls")),
    path("p/<slug:code>/sales/", include("contracts.sale_urls")),
    path("p/<slug:code>/", include("inventory.urls")),
    path("p/<slug:code>/", include("enquiries.urls")),
]
handler500 = "salescontrol.core.health.failed"
