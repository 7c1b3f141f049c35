"""The templates that come with the product, in Chinese, written by code on first use: an office starts with them and changes them in
Word. As text they are read and reviewed like any other, and no file has to be kept in step with the fields."""

import io
from functools import lru_cache

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from contracts.states import PaperKind

# A line is a paragraph, one with a tab stands in two columns; a tuple is a row of a table, rows in a row are one table; `{%tr …`
# alone is a row that is not printed.
Line = str | tuple[str, ...]
_BUYERS: tuple[Line, ...] = (
    ("买受人", "证件", "证件号码", "联系电话", "份额（%）"),
    ("{%tr for buyer in buyers %}", "", "", "", ""),
    ("{{ buyer.name }}", "{{ buyer.paper_kind }}", "{{ buyer.paper_no }}", "{{ buyer.phone }}", "{{ buyer.share }}"),
    ("{%tr endfor %}", "", "", "", ""),
)
_AGENTS: tuple[Line, ...] = (
    "{%p for buyer in buyers %}",
    "{%p if buyer.agent_name %}",
    "{{ buyer.name }}的{{ buyer.agent_kind }}：{{ buyer.agent_name }}，证件号码：{{ buyer.agent_paper_no }}，"
    "电话：{{ buyer.agent_phone }}",
    "{%p endif %}",
    "{%p endfor %}",
)
_SIGNATURES: tuple[Line, ...] = (
    "",
    "出卖人（盖章）：\t买受人（签字）：",
    "经办人：{{ made_by }}\t日期：",
)
_FOOT: tuple[Line, ...] = ("", "{{ project_name }}销售部", "{{ made_on }}")
_UNIT = "{{ project_name }} {{ unit_no }}"
# The page is A4 as an office prints it; the parts in which the columns of a table share its width, by their number.
_PAGE, _EDGE = (Cm(21), Cm(29.7)), Cm(2.5)
_PARTS = {2: (1, 2), 4: (1, 1, 1, 1), 5: (13, 16, 33, 24, 14)}

TEXTS: dict[PaperKind, tuple[str, tuple[Line, ...]]] = {
    PaperKind.QUOTATION: ("算价单", (
        "编号：{{ quotation_no }}",
        "客户：{{ customer_names }}",
        ("房号", "{{ unit_no }}", "户型", "{{ layout }}"),
        ("建筑面积（㎡）", "{{ built_area }}", "付款方式", "{{ method }}"),
        ("表价单价（元/㎡）", "{{ list_unit_price }}", "表价总价（元）", "{{ list_total }}"),
        "{%p if discounts %}",
        "优惠（依次计算）：",
        "{%p endif %}",
        ("优惠", "减免"),
        ("{%tr for discount in discounts %}", ""),
        ("{{ discount.name }}", "{{ discount.value }}"),
        ("{%tr endfor %}", ""),
        "成交单价：{{ unit_price }} 元/㎡",
        "成交总价：{{ total }} 元（人民币{{ total_capitals }}）",
        "首期款：{{ first_payment }} 元；贷款：{{ loan }} 元",
        "{%p if loan_years %}",
        "贷款年限：{{ loan_years }} 年；月供估算：{{ monthly }} 元（以银行审批为准）",
        "{%p endif %}",
        "本算价单有效期至 {{ valid_until }}。",
        "置业顾问：{{ salesperson }}",
        *_FOOT,
    )),
    PaperKind.SUBSCRIPTION: ("商品房认购书", (
        "认购书编号：{{ subscription_no }}",
        "一、买受人",
        *_BUYERS,
        *_AGENTS,
        "二、买受人自愿认购" + _UNIT + "，建筑面积 {{ built_area }} 平方米（暂测），户型 {{ layout }}。",
        "三、成交单价 {{ unit_price }} 元/㎡，总价 {{ total }} 元（人民币{{ total_capitals }}），付款方式：{{ method }}。",
        "四、买受人应付定金 {{ deposit }} 元（人民币{{ deposit_capitals }}），已付 {{ paid }} 元，收据编号：{{ receipt_no }}。",
        "五、买受人应于 {{ due_on }} 前携带本认购书及所需资料，与出卖人签订《商品房买卖合同》。",
        "六、逾期未签约的，按认购约定处理。本认购书一式两份，双方各执一份。",
        "认购日期：{{ subscribed_on }}",
        *_SIGNATURES,
    )),
    PaperKind.PROVISIONAL: ("临时认购书（小订）", (
        "编号：{{ subscription_no }}",
        "客户：{{ customer_names }}",
        "今收到上述客户认购" + _UNIT + "的小订金 {{ paid }} 元（人民币{{ paid_capitals }}），收据编号：{{ receipt_no }}。",
        "该房源总价 {{ total }} 元。客户应于 {{ top_up_on }} 前补足定金 {{ deposit }} 元，并签署正式认购书；逾期房源另行销售。",
        *_SIGNATURES,
    )),
    PaperKind.COVER: ("合同封面", (
        ("合同编号", "{{ contract_no }}"),
        ("网签号", "{{ online_no }}"),
        ("备案号", "{{ filing_no }}"),
        ("房号", _UNIT),
        ("建筑面积（㎡）", "{{ contract_area }}"),
        ("合同总价（元）", "{{ total }}（人民币{{ total_capitals }}）"),
        ("其中：主合同 / 装修 / 补充", "{{ main_amount }} / {{ decoration_amount }} / {{ supplement_amount }}"),
        ("付款方式", "{{ method }}"),
        ("贷款银行", "{{ loan_bank }}"),
        ("签约日期", "{{ signed_on }}"),
        ("页数 / 份数", "{{ contract_pages }} / {{ contract_copies }}"),
        "买受人",
        *_BUYERS,
        *_AGENTS,
        "置业顾问：{{ salesperson }}",
        *_FOOT,
    )),
    PaperKind.NOTICE: ("签约通知书", (
        "编号：{{ paper_no }}",
        "致：{{ customer_names }}",
        "您于 {{ subscribed_on }} 认购了" + _UNIT + "（认购书编号：{{ subscription_no }}），约定于 {{ due_on }} 前签订《商品房买卖合同》。"
        "截至今日，合同尚未签订。",
        "请您{% if until %}于 {{ until }} 前{% else %}尽快{% endif %}到我司销售部办理签约手续；逾期仍未办理的，我司将按认购书约定处理。",
        "{%p if text %}",
        "{{ text }}",
        "{%p endif %}",
        *_FOOT,
    )),
    PaperKind.TERMINATION: ("终止协议通知书", (
        "编号：{{ paper_no }}",
        "致：{{ customer_names }}",
        "您于 {{ subscribed_on }} 认购了" + _UNIT + "（认购书编号：{{ subscription_no }}），约定于 {{ due_on }} 前签订《商品房买卖合同》，"
        "经催告仍未签订。",
        "依认购书约定，该认购自本通知送达之日起解除，我司有权将该房源另行销售；已付定金 {{ paid }} 元按认购书约定处理。",
        "{%p if text %}",
        "{{ text }}",
        "{%p endif %}",
        *_FOOT,
    )),
    PaperKind.CHANGE: ("变更协议", (
        "变更编号：{{ change_no }}",
        "买受人：{{ customer_names }}",
        "房号：" + _UNIT,
        "认购书编号：{{ subscription_no }}　合同编号：{{ contract_no }}",
        "经双方协商一致，作如下变更：",
        "{{ text }}",
        "{%p if amount %}",
        "因本次变更应收或应退的金额：{{ amount }} 元（人民币{{ amount_capitals }}）。",
        "{%p endif %}",
        "其余条款不变。本协议一式两份，与原认购书、合同具有同等效力。",
        *_SIGNATURES,
    )),
    PaperKind.DUNNING: ("催款函", (
        "编号：{{ paper_no }}",
        "致：{{ customer_names }}",
        "您购买的" + _UNIT + "（合同编号：{{ contract_no }}），截至 {{ made_on }} 尚有应付房款 {{ amount }} 元"
        "（人民币{{ amount_capitals }}）未付。",
        "请于 {{ until }} 前付清。逾期的，我司将按合同约定计收违约金。",
        "{%p if text %}",
        "{{ text }}",
        "{%p endif %}",
        "如您已付款，请忽略本函。",
        *_FOOT,
    )),
    PaperKind.SETTLEMENT: ("面积补差结算通知书", (
        "编号：{{ paper_no }}",
        "致：{{ customer_names }}",
        "您购买的" + _UNIT + "（合同编号：{{ contract_no }}）已完成面积实测：",
        ("合同面积（㎡）", "实测面积（㎡）", "补差金额（元）", "结算方式"),
        ("{{ contract_area }}", "{{ surveyed_area }}", "{{ settlement }}", "{{ settlement_way }}"),
        "补差金额人民币{{ settlement_capitals }}，{{ settlement_way }}。"
        "{% if until %}请于 {{ until }} 前到我司销售部办理结算手续。{% endif %}",
        "{%p if text %}",
        "{{ text }}",
        "{%p endif %}",
        *_FOOT,
    )),
}  # fmt: skip


@lru_cache(maxsize=len(PaperKind))
def template(kind: PaperKind) -> bytes:
    """The product's own template of this kind, as a Word file."""
    title, lines = TEXTS[kind]
    document = _blank()
    document.add_heading(title, 0).alignment = WD_ALIGN_PARAGRAPH.CENTER
    for rows in _grouped(lines):
        if isinstance(rows, str):
            _paragraph(document, rows)
        else:
            _table(document, rows)
    document.core_properties.author, document.core_properties.comments = "", ""
    document.core_properties.title = title
    result = io.BytesIO()
    document.save(result)
    return result.getvalue()


def _blank():
    """An empty page in the office's size, in Chinese type, in black."""
    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = _PAGE
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = _EDGE
    for name, points in (("Normal", 11), ("Title", 18)):
        style = document.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = "SimSun", Pt(points), RGBColor(0, 0, 0)
        properties = style.element.get_or_add_rPr()
        fonts = properties.get_or_add_rFonts()
        # A font of the theme would be taken before the named one.
        for attribute in [key for key in fonts.attrib if key.endswith("Theme")]:
            del fonts.attrib[attribute]
        fonts.set(qn("w:eastAsia"), "宋体")
        language = OxmlElement("w:lang")
        language.set(qn("w:eastAsia"), "zh-CN")
        properties.append(language)
    style = document.styles["Title"]
    style.font.bold = True
    for border in style.element.findall(f".//{qn('w:pBdr')}"):
        border.getparent().remove(border)
    return document


def _paragraph(document, text: str) -> None:
    paragraph = document.add_paragraph(text)
    if "\t" in text:
        paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(8))
        paragraph.paragraph_format.space_before = Pt(18)
    elif text and text in _FOOT:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _grouped(lines: tuple[Line, ...]) -> list[str | list[tuple[str, ...]]]:
    """Paragraphs as they are, and the rows that follow one another, with as many cells, as one table."""
    found: list[str | list[tuple[str, ...]]] = []
    for line in lines:
        last = found[-1] if found else ""
        if isinstance(line, str):
            found.append(line)
        elif isinstance(last, list) and len(last[0]) == len(line):
            last.append(line)
        else:
            found.append([line])
    return found


def _table(document, rows: list[tuple[str, ...]]) -> None:
    parts = _PARTS[len(rows[0])]
    table = document.add_table(rows=len(rows), cols=len(parts), style="Table Grid")
    table.autofit = False
    widths = [int((_PAGE[0] - 2 * _EDGE) * part / sum(parts)) for part in parts]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
            spacing = cell.paragraphs[0].paragraph_format
            spacing.space_before = spacing.space_after = Pt(3)
    # What follows keeps its distance from the table.
    document.add_paragraph().paragraph_format.space_after = Pt(0)
