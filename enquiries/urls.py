"""Addresses of a project's customers, calls and talking points; all stand below /p/<project code>/."""

from django.urls import path

from enquiries.views import calls, customers, measures, talk

app_name = "enquiries"
urlpatterns = [
    path("customers/", customers.CustomerList.as_view(), name="customer_list"),
    path("customers/new/", customers.CustomerEnter.as_view(), name="customer_enter"),
    path("customers/<slug:number>/", customers.CustomerPage.as_view(), name="customer"),
    path("customers/<slug:number>/change/", customers.CustomerChange.as_view(), name="customer_change"),
    path("customers/<slug:number>/owner/", customers.CustomerOwner.as_view(), name="customer_owner"),
    path("customers/<slug:number>/reveal/", customers.CustomerReveal.as_view(), name="customer_reveal"),
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
    path("talk/", talk.TalkList.as_view(), name="talk_list"),
    path("talk/new/", talk.TalkNew.as_view(), name="talk_new"),
    path("talk/<int:pk>/", talk.TalkPage.as_view(), name="talk"),
    path("talk/<int:pk>/change/", talk.TalkChange.as_view(), name="talk_change"),
    path("talk/<int:pk>/end/", talk.TalkEnd.as_view(), name="talk_end"),
]
