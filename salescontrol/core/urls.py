"""The kernel's addresses."""

from django.urls import path

from salescontrol.core import health, pages, ways

urlpatterns = [
    path("", pages.Home.as_view(), name="home"),
    path("approvals/", pages.ApprovalList.as_view(), name="approval_list"),
    path("approvals/decide/", pages.ApprovalDecide.as_view(), name="approval_decide"),
    path("approvals/<int:pk>/", pages.ApprovalPage.as_view(), name="approval"),
    path("approvals/<int:pk>/execute/", pages.ApprovalExecute.as_view(), name="approval_execute"),
    path("approvals/<int:pk>/withdraw/", pages.ApprovalWithdraw.as_view(), name="approval_withdraw"),
    path("inbox/", pages.Inbox.as_view(), name="inbox"),
    path("inbox/read/", pages.InboxRead.as_view(), name="inbox_read_all"),
    path("inbox/<int:pk>/read/", pages.InboxRead.as_view(), name="inbox_read"),
    path("inbox/outside/", ways.Ways.as_view(), name="notice_ways"),
    path("inbox/outside/<slug:kind>/", ways.WayEdit.as_view(), name="notice_way"),
    path("search/", pages.Search.as_view(), name="search"),
    path("background/", health.Background.as_view(), name="background"),
    path("background/<int:pk>/again/", health.BackgroundAgain.as_view(), name="background_again"),
    path("operation/<uuid:op_id>/", health.OperationPage.as_view(), name="operation"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
