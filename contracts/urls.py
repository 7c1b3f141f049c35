"""Addresses of claims; all stand below /p/<project code>/holds/."""

from django.urls import path

from contracts.views import holds, requests, waiting

app_name = "contracts"
urlpatterns = [
    path("", holds.HoldList.as_view(), name="hold_list"),
    path("requests/", requests.RequestList.as_view(), name="request_list"),
    path("requests/new/", requests.WishNew.as_view(), name="wish_new"),
    path("requests/<slug:number>/", requests.RequestPage.as_view(), name="request"),
    path("requests/<slug:number>/reject/", requests.RequestReject.as_view(), name="request_reject"),
    path("requests/<slug:number>/withdraw/", requests.RequestWithdraw.as_view(), name="request_withdraw"),
    path("units/<int:pk>/hold/", holds.HoldPlace.as_view(), name="hold_place"),
    path("units/<int:pk>/request/", requests.RequestNew.as_view(), name="request_new"),
    path("units/<int:pk>/waiting/", waiting.WaitingList.as_view(), name="waiting_list"),
    path("units/<int:pk>/waiting/join/", waiting.WaitingJoin.as_view(), name="waiting_join"),
    path("waiting/<slug:number>/leave/", waiting.WaitingLeave.as_view(), name="waiting_leave"),
    path("<slug:number>/", holds.HoldPage.as_view(), name="hold"),
    path("<slug:number>/extend/", holds.HoldExtend.as_view(), name="hold_extend"),
    path("<slug:number>/release/", holds.HoldRelease.as_view(), name="hold_release"),
    path("<slug:number>/customer/", holds.HoldComplete.as_view(), name="hold_complete"),
    path("<slug:number>/take/", holds.OfferTake.as_view(), name="offer_take"),
    path("<slug:number>/ask/", holds.ReleaseAsk.as_view(), name="release_ask"),
]
