"""Papers of a trade or quotation: listed, made, opened, printed, and brought back signed (R3.1, R3.6)."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from contracts.forms.papers import MakeForm, SignForm
from contracts.models import Paper, Quotation, Trade
from contracts.papers import reading
from contracts.queries import papers as queries
from contracts.services import papers as service
from contracts.states import PaperKind
from contracts.views.base import InClaims
from salescontrol.core import files, tables
from salescontrol.core.permissions import Permission
from salescontrol.core.views import DetailPage, FilePage, FormPage, ListPage


class InSales(InClaims):
    """Mixin: addresses of sales in this project, for those who read claims."""

    def address(self, name: str, *args) -> str:
        return reverse(f"sales:{name}", args=[self.project.code, *args])


class OfTrade(InSales):
    """Mixin: `self.about`, a trade among those that the reader may see, or 404."""

    about: Trade
    names = ("paper_list", "paper_make")
    kinds = tuple(kind for kind in PaperKind if kind != PaperKind.QUOTATION)

    def prepare_in_project(self) -> None:
        self.about = queries.find_trade(self.request.access, self.project, self.kwargs["number"])

    def what(self) -> dict:
        """The trade as queries and services name it."""
        return {"trade": self.about}

    def called(self) -> str:
        return _("Trade %(number)s") % {"number": self.about.number}


class OfQuotation(OfTrade):
    """Mixin: `self.about`, a quotation among those that the reader may see, or 404."""

    about: Quotation
    names = ("quotation_paper_list", "quotation_paper_make")
    kinds = (PaperKind.QUOTATION,)

    def prepare_in_project(self) -> None:
        self.about = queries.find_quotation(self.request.access, self.project, self.kwargs["number"])

    def what(self) -> dict:
        return {"quotation": self.about}

    def called(self) -> str:
        return _("Quotation %(number)s") % {"number": self.about.number}


def _template_of(paper: Paper) -> str:
    if paper.template is None:
        return _("the product's own")
    return _("version %(version)s") % {"version": paper.template.version}


def columns(address) -> list[tables.Column]:
    return [
        tables.Column("kind", pgettext("sale", "Paper"), lambda row: row.get_kind_display(), sort=("kind",),
                      link=lambda row: address("paper", row.code)),
        tables.Column("number", _("Number"), sort=("number",)),
        tables.Column("template", _("Template"), _template_of, minor=True),
        tables.Column("made_at", pgettext("moment", "Made"), format="moment", sort=("made_at",)),
        tables.Column("made_by", _("Made by"), "made_by.name", minor=True),
        tables.Column("pages", _("Pages"), format="int", sort=("pages",)),
        tables.Column("signed", _("Signed scan"), lambda row: signed(row)[0], tone=lambda row: signed(row)[1]),
    ]  # fmt: skip


def signed(paper: Paper) -> tuple[str, str]:
    """Where the signed paper stands, and its tone."""
    if paper.scan_id is None:
        return _("none yet"), "withheld"
    return (_("complete"), "good") if paper.complete_at else (_("not found complete"), "warn")


class TradePapers(OfTrade, ListPage):
    """The papers that were made, the newest first."""

    default_order = ("-made_at", "-pk")

    def get_title(self) -> str:
        return _("Papers: %(what)s") % {"what": self.called()}

    def get_rows(self):
        return queries.listed(self.request.access, **self.what())

    def get_columns(self):
        return columns(self.address)

    @property
    def empty(self) -> str:
        return _("No paper was made yet. “Make a paper” fills the office's template with what is known.")

    def get_context(self) -> dict:
        make = {"label": _("Make a paper"), "url": self.address(self.names[1], self.about.number), "style": "primary"}
        return {
            "context_line": self.project.name,
            "actions": [make] if service.may_make(self.request.access, self.about) else [],
        }


class QuotationPapers(OfQuotation, TradePapers):
    """The papers of a quotation."""


class TradePaperMake(OfTrade, FormPage):
    """Fill a template."""

    form_class = MakeForm
    permission = Permission.DEAL_WRITE
    submit_label = gettext_lazy("Make the paper")

    def get_title(self) -> str:
        return _("Make a paper: %(what)s") % {"what": self.called()}

    def get_form_kwargs(self) -> dict:
        return {"kinds": self.kinds}

    def get_initial(self) -> dict:
        return {"kind": self.request.GET.get("kind", "")}

    def get_context(self) -> dict:
        return {
            "context_line": self.project.name, "back_url": self.address(self.names[0], self.about.number),
            "intro": _("The paper names the buyers in full: that you made and opened it stands on record."),
        }  # fmt: skip

    def perform(self, form) -> Paper:
        values = form.cleaned_data
        entered = service.Entered(text=values["text"], amount=values["amount"], until=values["until"])
        what = {name: about.number for name, about in self.what().items()}
        return service.make(
            op_id=values["op_id"], kind=PaperKind(values["kind"]), entered=entered, by=self.request.user, **what
        )

    def get_success(self, result: Paper) -> str:
        return _("Made: %(paper)s.") % {"paper": result.get_kind_display()}

    def get_success_url(self, result: Paper) -> str:
        return self.address("paper", result.code)


class QuotationPaperMake(OfQuotation, TradePaperMake):
    """Print a quotation."""

    permission = Permission.QUOTATION_MAKE


class OnePaper(InSales):
    """Mixin: `self.paper` among those that the reader may see, or 404."""

    paper: Paper

    def prepare_in_project(self) -> None:
        self.paper = queries.find(self.request.access, self.project, self.kwargs["number"])

    def list_url(self) -> str:
        if self.paper.trade:
            return self.address("paper_list", self.paper.trade.number)
        return self.address("quotation_paper_list", self.paper.quotation.number)


class PaperPage(OnePaper, DetailPage):
    """One paper: from which template, by whom and when, and whether it came back signed."""

    template_name = "contracts/paper.html"

    def get_title(self) -> str:
        return f"{self.paper.get_kind_display()} {self.paper.number}".strip()

    def get_context(self) -> dict:
        word, tone = signed(self.paper)
        return {
            "paper": self.paper, "list_url": self.list_url(), "template_used": _template_of(self.paper), "signed": word,
            "tone": tone, "actions": self.actions(),
        }  # fmt: skip

    def actions(self) -> list[dict]:
        access, paper = self.request.access, self.paper
        opens = service.may_open(access, self.project_id)
        shown = [
            (opens and paper.file_id, _("Print"), "paper_print", "primary"),
            (opens and paper.file_id, _("Word document"), "paper_file", ""),
            (opens and paper.scan_id, _("Signed scan"), "paper_scan", ""),
            (access.can(Permission.DEAL_WRITE, self.project_id), _("Enter the signed paper"), "paper_sign", ""),
        ]
        return [
            {"label": label, "url": self.address(name, paper.code), "style": style}
            for on, label, name, style in shown
            if on
        ]


class PaperFile(OnePaper, FilePage):
    """The paper as a Word document."""

    permission = Permission.CUSTOMER_REVEAL

    def get_file(self) -> HttpResponse:
        kept = service.open_paper(paper=self.paper, by=self.request.user)
        return files.hand_out_clear(kept, self.request, project_id=self.project_id)


class PaperScan(OnePaper, FilePage):
    """The signed paper."""

    permission = Permission.CUSTOMER_REVEAL

    def get_file(self) -> HttpResponse:
        kept = service.open_paper(paper=self.paper, by=self.request.user, signed=True)
        return files.hand_out_clear(kept, self.request, project_id=self.project_id)


class PaperPrint(OnePaper, DetailPage):
    """What stands in the document, to be printed from the browser."""

    template_name = "contracts/paper_print.html"
    permission = Permission.CUSTOMER_REVEAL

    def get_title(self) -> str:
        return f"{self.paper.get_kind_display()} {self.paper.number}".strip()

    def get_context(self) -> dict:
        kept = service.open_paper(paper=self.paper, by=self.request.user, printed=True)
        return {
            "blocks": list(reading.blocks(files.content_of(kept))),
            "back_url": self.address("paper", self.paper.code),
        }


class PaperSign(OnePaper, FormPage):
    """The paper came back signed: its scan, its pages, and whether it is complete."""

    form_class = SignForm
    permission = Permission.DEAL_WRITE
    success = gettext_lazy("The signed paper was entered.")

    def get_title(self) -> str:
        return _("Signed paper: %(paper)s") % {"paper": self.paper.get_kind_display()}

    def get_initial(self) -> dict:
        return {"pages": self.paper.pages, "complete": self.paper.complete_at is not None}

    def get_context(self) -> dict:
        return {"back_url": self.address("paper", self.paper.code)}

    def perform(self, form) -> Paper:
        values = form.cleaned_data
        return service.attach_scan(
            op_id=values["op_id"], paper=self.paper, upload=values["file"] or None, pages=values["pages"],
            complete=values["complete"], by=self.request.user,
        )  # fmt: skip

    def get_success_url(self, result: Paper) -> str:
        return self.address("paper", self.paper.code)
