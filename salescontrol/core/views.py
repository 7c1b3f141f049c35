"""The five base views: a list, a detail, a form, an action, a file. A view is a declaration around one query or one service."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.generic import View
from openpyxl import Workbook

from salescontrol.core import audit, outages, tables, xlsx
from salescontrol.core.access import require_unchanged
from salescontrol.core.errors import Refusal
from salescontrol.core.permissions import Permission

PAGE_SIZES = (50, 100, 200)


class LongPaginator(Paginator):
    """Pages of a list that grows for years: its rows are counted to 10,000 only, whoever looks for older ones filters."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        return min(self._counted, self.most)

    @property
    def more(self) -> bool:
        """Whether there are more rows than pages."""
        return self._counted > self.most

    @cached_property
    def _counted(self) -> int:
        rows = getattr(self.object_list, "rows", self.object_list)
        return rows.order_by()[: self.most + 1].count()


class Page(View):
    """The base: who may come here, the page's name, and what its template gets."""

    http_method_names = ["get", "head", "post"]
    permission: Permission | None = None
    template_name = ""
    title: Any = ""

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.prepare()
        if self.permission is not None:
            request.access.require(self.permission, self.project_id)
        response = super().dispatch(request, *args, **kwargs)
        if response.has_header("Content-Disposition"):
            require_unchanged(request)
        return response

    def prepare(self) -> None:
        """Find what the address names (raises Http404 or NotVisible); runs before the permission is asked."""

    @property
    def project_id(self) -> int | None:
        return None

    def get_title(self) -> Any:
        return self.title

    def get_context(self) -> dict:
        """What the template gets beyond the title."""
        return {}

    def show(self, status: int = 200, **extra) -> HttpResponse:
        context = {"title": self.get_title(), "view": self, **self.get_context(), **extra}
        return render(self.request, self.template_name, context, status=status)


class ListPage(Page):
    """Rows with filter, sort, pages and Excel, all in the address. `filterset_class` is an allow-list of filters.

    `names_people`: its workbooks name customers, which the record of an export says (abuse 53).
    """

    template_name = "components/list_page.html"
    columns: Sequence[tables.Column] = ()
    filterset_class = None
    paginator_class = Paginator
    default_order: tuple[str, ...] = ("-pk",)
    empty: Any = ""
    export_permission: Permission | None = None
    context_line: Any = ""
    names_people = False

    def get_rows(self):
        """The rows this user may see, unfiltered."""
        raise NotImplementedError

    def get_columns(self) -> Sequence[tables.Column]:
        return self.columns

    def get_totals(self, rows) -> dict[str, Any]:
        """Sums over all rows that match, by column key; `count` among them spares the pages their own count."""
        return {}

    def get_filterset_kwargs(self) -> dict:
        """What the filters need to know beyond the rows."""
        return {}

    def get_filtered(self):
        """The rows that match the filter of the address."""
        self.filterset = (
            self.filterset_class(
                self.request.GET, queryset=self.get_rows(), request=self.request, **self.get_filterset_kwargs()
            )
            if self.filterset_class
            else None
        )
        return self.filterset.qs if self.filterset else self.get_rows()

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.columns = self.get_columns()
        rows = self.get_filtered()
        self.sort = request.GET.get("sort", "")
        rows = rows.order_by(*tables.unknown_last(tables.ordering(self.columns, self.sort)), *self.default_order)
        if request.GET.get("format") == "xlsx" and self.may_export():
            return self.export(rows)
        return self.show(**self.page_of(rows))

    def page_of(self, rows) -> dict:
        size = self.request.GET.get("size", "")
        size = int(size) if size in map(str, PAGE_SIZES) else PAGE_SIZES[0]
        paginator, totals = self.paginator_class(rows, size), self.get_totals(rows)
        if "count" in totals:
            paginator.count = totals["count"]
        page, draw = paginator.get_page(self.request.GET.get("page")), tables.drawer(self.columns)
        return {
            "page": page,
            "heads": tables.heads(self.columns, self.sort),
            "rows": [{"row": row, "html": draw(row)} for row in page.object_list],
            "foot": tables.foot(self.columns, totals) if totals else None,
            "filter": self.filterset,
            "filtered": bool(
                self.filterset and any(self.filterset.form.data.get(name) for name in self.filterset.form.fields)
            ),
            "sizes": PAGE_SIZES,
            "can_export": self.may_export(),
            "empty": self.empty,
            "context_line": self.context_line,
        }

    def filter_text(self) -> str:
        """What the rows were filtered and sorted by, as in the address; parameters that mean nothing are left out."""
        names = [*self.filterset.form.fields, "sort"] if self.filterset else ["sort"]
        asked = QueryDict(mutable=True)
        asked.update({name: self.request.GET[name] for name in names if self.request.GET.get(name)})
        return asked.urlencode()

    def may_export(self) -> bool:
        return self.export_permission is not None and self.request.access.can(self.export_permission, self.project_id)

    def export(self, rows) -> HttpResponse:
        """Excel of exactly what is shown (all pages); who took what is on record before the bytes leave."""
        title, filters = str(self.get_title()), self.filter_text()
        record = audit.record(
            "export",
            by=self.request.user,
            project_id=self.project_id,
            detail={"what": title, "filter": filters, **({"people": True} if self.names_people else {})},
        )
        book = Workbook(write_only=True)
        heads = [(str(column.label), column.format) for column in self.columns]
        count = xlsx.table(
            book,
            title,
            heads,
            tables.sheet_rows(self.columns, rows.iterator(chunk_size=500) if hasattr(rows, "iterator") else rows),
        )
        xlsx.footer(book, by=self.request.user, what=title, filters=filters, rows=count, number=f"E{record.pk}")
        return xlsx.response(book, title)


class DetailPage(Page):
    """One thing and everything about it."""

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return self.show()


class FormPage(Page):
    """A form around one service call: `perform` calls it; a refusal is shown in the form, which keeps what was typed."""

    template_name = "components/form_page.html"
    form_class = None
    submit_label: Any = ""
    success: Any = ""

    def get_form_kwargs(self) -> dict:
        return {}

    def get_initial(self) -> dict:
        return {}

    def get_form(self, data=None, files=None):
        return self.form_class(data, files, initial=self.get_initial(), **self.get_form_kwargs())

    def perform(self, form) -> Any:
        """Call the service with the clean values and return what it returned."""
        raise NotImplementedError

    def get_success_url(self, result: Any) -> str:
        raise NotImplementedError

    def get_success(self, result: Any) -> Any:
        return self.success

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return self.show(form=self.get_form())

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        form = self.get_form(request.POST, request.FILES)
        if not form.is_valid():
            return self.show(form=form, status=422)
        try:
            result = self.perform(form)
        except (Refusal, OperationalError) as error:
            refusal = outages.refusal(error)
            if refusal.status == 404:
                raise
            form.add_refusal(refusal)
            return self.show(form=form, status=refusal.status)
        if message := self.get_success(result):
            messages.success(request, message)
        return HttpResponseRedirect(self.get_success_url(result))

    def show(self, status: int = 200, **extra) -> HttpResponse:
        return super().show(status, submit_label=self.submit_label or _("Save"), **extra)


class ActionPage(FormPage):
    """One named action on one thing: GET asks with a sentence of what will happen, POST does it. `final` makes the button seal-red."""

    template_name = "components/action_page.html"
    final = False

    def get_sentence(self) -> Any:
        """What will happen, in one sentence."""
        return ""

    def get_back_url(self) -> str:
        came_from = self.request.headers.get("Referer", "")
        return came_from if url_has_allowed_host_and_scheme(came_from, {self.request.get_host()}) else "/"

    def get_context(self) -> dict:
        return {
            **super().get_context(),
            "sentence": self.get_sentence(),
            "final": self.final,
            "back_url": self.get_back_url(),
        }


class FilePage(Page):
    """A file, handed out after the row was checked and the act recorded."""

    def get_file(self) -> HttpResponse:
        raise NotImplementedError

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return self.get_file()
