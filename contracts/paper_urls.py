"""Addresses of papers, their templates and the stock of blank forms; they stand among those of sales."""

from django.urls import path

from contracts.views import blanks, paper_templates, papers

urlpatterns = [
    path("trades/<str:number>/papers/", papers.TradePapers.as_view(), name="paper_list"),
    path("trades/<str:number>/papers/make/", papers.TradePaperMake.as_view(), name="paper_make"),
    path("quotations/<str:number>/papers/", papers.QuotationPapers.as_view(), name="quotation_paper_list"),
    path("quotations/<str:number>/papers/make/", papers.QuotationPaperMake.as_view(), name="quotation_paper_make"),
    path("papers/<str:number>/", papers.PaperPage.as_view(), name="paper"),
    path("papers/<str:number>/file/", papers.PaperFile.as_view(), name="paper_file"),
    path("papers/<str:number>/print/", papers.PaperPrint.as_view(), name="paper_print"),
    path("papers/<str:number>/sign/", papers.PaperSign.as_view(), name="paper_sign"),
    path("papers/<str:number>/scan/", papers.PaperScan.as_view(), name="paper_scan"),
    path("templates/", paper_templates.TemplateList.as_view(), name="template_list"),
    path("templates/fields/", paper_templates.FieldList.as_view(), name="template_fields"),
    path("templates/upload/", paper_templates.TemplateUpload.as_view(), name="template_upload"),
    path("templates/<int:pk>/", paper_templates.TemplatePage.as_view(), name="template"),
    path("templates/<int:pk>/file/", paper_templates.TemplateFile.as_view(), name="template_file"),
    path("templates/<int:pk>/preview/", paper_templates.TemplatePreview.as_view(), name="template_preview"),
    path("templates/<int:pk>/enforce/", paper_templates.TemplateEnforce.as_view(), name="template_enforce"),
    path("templates/own/<str:kind>/", paper_templates.OwnTemplate.as_view(), name="template_own"),
    path("forms/", blanks.FormList.as_view(), name="form_list"),
    path("forms/take-in/", blanks.FormTakeIn.as_view(), name="form_take_in"),
    path("forms/give-out/", blanks.FormGiveOut.as_view(), name="form_give_out"),
    path("forms/mark/", blanks.FormMark.as_view(), name="form_mark"),
]
