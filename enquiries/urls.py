"""Addresses of a project's customers; all stand below /p/<project code>/."""

from django.urls import path

from enquiries.views import customers

app_name = "enquiries"
urlpatterns = [
    path("customers/", customers.CustomerList.as_view(), name="customer_list"),
    path("customers/new/", customers.CustomerEnter.as_view(), name="customer_enter"),
    path("customers/<slug:number>/", customers.CustomerPage.as_view(), name="customer"),
    path("customers/<slug:number>/change/", customers.CustomerChange.as_view(), name="customer_change"),
    path("customers/<slug:number>/owner/", customers.CustomerOwner.as_view(), name="customer_owner"),
    path("customers/<slug:number>/reveal/", customers.CustomerReveal.as_view(), name="customer_reveal"),
]
