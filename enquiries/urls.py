"""Addresses of a project's customers, calls and talking points; all stand below /p/<project code>/."""

from django.urls import path

from enquiries.views import calendar, calls, customers, details, follow_ups, measures, roster, talk, viewings, visits

app_name = "enquiries"
urlpatterns = [
    path("customers/", customers.CustomerList.as_view(), name="customer_list"),
    path("customers/new/", customers.CustomerEnter.as_view(), name="customer_enter"),
    path("customers/due/", follow_ups.DueList.as_view(), name="follow_ups_due"),
    path("customers/claim/", details.Dispute.as_view(), name="customer_dispute"),
    path("customers/<slug:number>/", customers.CustomerPage.as_view(), name="customer"),
    path("customers/<slug:number>/change/", customers.CustomerChange.as_view(), name="customer_change"),
    path("customers/<slug:number>/owner/", customers.CustomerOwner.as_view(), name="customer_owner"),
    path("customers/<slug:number>/reveal/", customers.CustomerReveal.as_view(), name="customer_reveal"),
    path("customers/<slug:number>/facts/", customers.CustomerFacts.as_view(), name="customer_facts"),
    path("customers/<slug:number>/phones/", details.PhoneAdd.as_view(), name="customer_phone_add"),
    path("customers/<slug:number>/phones/<int:pk>/main/", details.PhoneMain.as_view(), name="customer_phone_main"),
    path(
        "customers/<slug:number>/phones/<int:pk>/remove/", details.PhoneRemove.as_view(), name="customer_phone_remove"
    ),
    path("customers/<slug:number>/papers/", details.PaperAdd.as_view(), name="customer_paper_add"),
    path(
        "customers/<slug:number>/papers/<int:pk>/remove/", details.PaperRemove.as_view(), name="customer_paper_remove"
    ),
    path("customers/<slug:number>/follow-up/", follow_ups.FollowUpWrite.as_view(), name="follow_up"),
    path("customers/<slug:number>/pass-on/", details.Transfer.as_view(), name="customer_transfer"),
    path("customers/<slug:number>/merge/", details.Merge.as_view(), name="customer_merge"),
    path("viewings/", viewings.ViewingList.as_view(), name="viewing_list"),
    path("viewings/day/", calendar.ViewingDay.as_view(), name="viewing_day"),
    path("viewings/week/", calendar.ViewingWeek.as_view(), name="viewing_week"),
    path("viewings/sheet/", calendar.ViewingSheet.as_view(), name="viewing_sheet"),
    path("viewings/book/", viewings.ViewingBook.as_view(), name="viewing_book"),
    path("viewings/roster/", roster.Roster.as_view(), name="roster"),
    path("viewings/<slug:number>/", viewings.ViewingPage.as_view(), name="viewing"),
    path("viewings/<slug:number>/confirm/", viewings.ViewingConfirm.as_view(), name="viewing_confirm"),
    path("viewings/<slug:number>/move/", viewings.ViewingMove.as_view(), name="viewing_move"),
    path("viewings/<slug:number>/cancel/", viewings.ViewingCancel.as_view(), name="viewing_cancel"),
    path("viewings/<slug:number>/miss/", viewings.ViewingMiss.as_view(), name="viewing_miss"),
    path("viewings/<slug:number>/outcome/", viewings.ViewingOutcome.as_view(), name="viewing_outcome"),
    path("answers/", talk.AnswerDesk.as_view(), name="answers"),
    path("calls/", calls.CallList.as_view(), name="call_list"),
    path("calls/new/", calls.CallNew.as_view(), name="call_new"),
    path("calls/draft/", calls.CallDraft.as_view(), name="call_draft"),
    path("calls/caller/", calls.CallCaller.as_view(), name="call_caller"),
    path("calls/waiting/", calls.CallWaiting.as_view(), name="call_waiting"),
    path("calls/measures/", measures.CallMeasures.as_view(), name="call_measures"),
    path("calls/<slug:number>/", calls.CallPage.as_view(), name="call"),
    path("calls/<slug:number>/confirm/", calls.CallConfirm.as_view(), name="call_confirm"),
    path("calls/<slug:number>/resume/", calls.CallResume.as_view(), name="call_resume"),
    path("calls/<slug:number>/discard/", calls.CallDiscard.as_view(), name="call_discard"),
    path("visits/", visits.VisitList.as_view(), name="visit_list"),
    path("visits/new/", visits.VisitNew.as_view(), name="visit_new"),
    path("visits/<slug:number>/", visits.VisitPage.as_view(), name="visit"),
    path("talk/", talk.TalkList.as_view(), name="talk_list"),
    path("talk/new/", talk.TalkNew.as_view(), name="talk_new"),
    path("talk/<int:pk>/", talk.TalkPage.as_view(), name="talk"),
    path("talk/<int:pk>/change/", talk.TalkChange.as_view(), name="talk_change"),
    path("talk/<int:pk>/end/", talk.TalkEnd.as_view(), name="talk_end"),
]
