"""Which objects the addresses with parameters are asked for, by whose they are. Written by hand: a new address fails without."""

from uuid import uuid4

from inventory import wire
from inventory.queries.live import read_live
from salescontrol.core.access import access_of
from tests.world import World

MISSING = 99_999_999


def objects(world: World) -> dict[str, dict[str, dict]]:
    """Address name → kind of object → parameters (the project's code is added)."""
    rows = world.rows
    people = world.people

    def ids(**kinds) -> dict[str, dict]:
        return {
            kind: {"pk": row if isinstance(row, int) else row.pk} for kind, row in {**kinds, "missing": MISSING}.items()
        }

    def numbers(**kinds) -> dict[str, dict]:
        return {**{kind: {"number": row.number} for kind, row in kinds.items()}, "missing": {"number": "ZZZZ9999"}}

    def numbered(kind: str) -> dict[str, dict]:
        """A phone or paper with its customer."""
        found = {
            whose: {"number": getattr(rows, f"customer_{whose}").number, "pk": getattr(rows, f"{kind}_{whose}").pk}
            for whose in ("mine", "colleague", "foreign")
        }
        return {**found, "missing": {"number": rows.customer_mine.number, "pk": MISSING}}

    def subscribed(paper: bool = False) -> dict[str, dict]:
        """A subscription by its code, or one of its papers."""
        found: dict[str, dict] = {}
        for whose in ("mine", "colleague", "foreign"):
            line = {"pk": getattr(rows, f"document_{whose}").pk} if paper else {}
            found[whose] = {"number": getattr(rows, f"subscription_{whose}").code, **line}
        return {**found, "missing": {"number": "ZZZZ9999", **({"pk": MISSING} if paper else {})}}

    def deals(parameter: str, field: str, **fixed: str) -> dict[str, dict]:
        """A contract, subscription or trade, by whose it is."""
        found = {whose: getattr(rows, f"{field}_{whose}").code for whose in ("mine", "colleague", "foreign")}
        return {whose: {parameter: code, **fixed} for whose, code in {**found, "missing": "ZZZZ9999"}.items()}

    def changed(parameter: str, of) -> dict[str, dict]:
        """A change, or the sale that it is about, by whose it is."""
        found = {whose: {parameter: of(getattr(rows, f"change_{whose}"))} for whose in ("mine", "colleague", "foreign")}
        return {**found, "missing": {parameter: "ZZZZ9999"}}

    lists = {
        "own": {"batch": rows.areas_own.code},
        "foreign": {"batch": rows.areas_foreign.code},
        "missing": {"batch": "ZZZZ9999"},
    }
    drafts = ids(draft=rows.draft, handed=rows.handed_marketing, mine=rows.mine, foreign=rows.handed_foreign)
    price_lists = ids(desk=rows.prices_desk, floor=rows.prices_floor, foreign=rows.prices_foreign)
    policies = ids(open=rows.discount_open, draft=rows.discount_draft, marketing=rows.discount_marketing,
                   foreign=rows.discount_foreign)  # fmt: skip
    plans, papers = (
        ids(
            **{
                name: getattr(rows, f"material_{name}_{kind}")
                for name in ("mine", "colleague", "layout", "draft", "foreign")
            }
        )
        for kind in ("floor_plan", "file")
    )
    layouts = ids(own=rows.a.layout, foreign=rows.b.layout)
    units = ids(mine=rows.mine, colleague=rows.colleague, draft=rows.draft, foreign=rows.foreign)
    batches = ids(marketing=rows.batch_marketing, desk=rows.batch_desk, second=rows.batch_second, preview=rows.batch_preview,
                  foreign=rows.batch_foreign)  # fmt: skip
    requests = ids(
        own=rows.change, marketing=rows.handed_request, of_b=rows.foreign_change, account=rows.account_request
    )
    printed = {whose: getattr(rows, f"printed_{whose}").code for whose in ("mine", "colleague", "foreign")}
    coded = {kind: {"number": code} for kind, code in {**printed, "missing": "ZZZZ9999"}.items()}
    secrets = {"on": rows.display_secret, "revoked": rows.display_revoked, "missing": "no-such"}
    walls = {kind: {"secret": secret} for kind, secret in secrets.items()}
    desk = read_live(access_of(people["supervisor"]), rows.a.project)
    accounts = ids(colleague=people["colleague"], of_b=people["other_salesperson"])
    return {
        **dict.fromkeys(("approval", "approval_execute", "approval_withdraw"), requests),
        "background_again": ids(spent=rows.spent),
        "operation": {"specialist": {"op_id": rows.operation.op_id}, "missing": {"op_id": uuid4()}},
        "inbox_read": ids(mine=rows.notice, colleague=rows.foreign_notice),
        "notice_way": {kind: {"kind": kind} for kind in ("email", "robot", "missing")},
        "inventory:board_panel": units,
        "inventory:board_skeleton": {"desk": {"digest": wire.digest(desk)}, "missing": {"digest": "0" * 24}},
        "inventory:board_prices": {"desk": {"digest": desk.prices}, "missing": {"digest": "0" * 24}},
        "inventory:display_revoke": ids(own=rows.display, foreign=rows.display_foreign),
        **dict.fromkeys(("display", "display_changes"), walls),
        **dict.fromkeys((f"enquiries:{name}" for name in (
            "customer_change", "customer_owner", "customer_reveal", "customer_facts", "customer_merge", "customer_erase",
            "customer_phone_add", "customer_paper_add", "customer_transfer", "follow_up")),
            numbers(mine=rows.customer_mine, colleague=rows.customer_colleague, foreign=rows.customer_foreign)),
        "enquiries:customer": numbers(
            mine=rows.customer_mine, colleague=rows.customer_colleague, foreign=rows.customer_foreign, gone=rows.gone_mine,
            gone_colleague=rows.gone_colleague),
        "enquiries:erasure": numbers(own=rows.erasure_mine, foreign=rows.erasure_foreign),
        **dict.fromkeys(("enquiries:customer_phone_main", "enquiries:customer_phone_remove"), numbered("phone")),
        "enquiries:customer_paper_remove": numbered("paper"),
        **dict.fromkeys((f"enquiries:viewing{part}" for part in ("", "_confirm", "_move", "_cancel", "_miss", "_outcome")),
            numbers(mine=rows.viewing_mine, colleague=rows.viewing_colleague, foreign=rows.viewing_foreign)),
        "calendar_feed": {kind: {"secret": secret} for kind, secret in (
            ("on", rows.calendar_secret), ("revoked", rows.calendar_revoked), ("missing", "no-such"))},
        **dict.fromkeys((f"enquiries:call{part}" for part in ("", "_confirm")),
            numbers(mine=rows.call_mine, colleague=rows.call_colleague, foreign=rows.call_foreign)),
        **dict.fromkeys((f"enquiries:call{part}" for part in ("_resume", "_discard")),
            numbers(draft=rows.call_draft, mine=rows.call_mine, foreign=rows.call_foreign)),
        **dict.fromkeys(("enquiries:visit", "enquiries:visit_judge"),
            numbers(mine=rows.visit_mine, colleague=rows.visit_colleague, foreign=rows.visit_foreign)),
        **dict.fromkeys((f"enquiries:pre_report{part}" for part in ("", "_refuse", "_reveal")),
            numbers(mine=rows.report_mine, colleague=rows.report_colleague, foreign=rows.report_foreign)),
        **dict.fromkeys((f"enquiries:intake{part}" for part in ("", "_progress", "_accept", "_again", "_discard", "_workbook")),
            ids(preview=rows.intake_preview, foreign=rows.intake_foreign)),
        **dict.fromkeys((f"sales:past_import{part}" for part in ("", "_progress", "_accept", "_discard")),
            ids(preview=rows.past_preview, foreign=rows.past_foreign)),
        **dict.fromkeys((f"enquiries:talk{part}" for part in ("", "_change", "_end")),
            ids(valid=rows.point, later=rows.point_later, foreign=rows.point_foreign)),
        **dict.fromkeys((f"contracts:{name}" for name in (
            "hold", "hold_extend", "hold_release", "hold_complete", "offer_take", "release_ask")),
            numbers(mine=rows.claim_mine, colleague=rows.claim_colleague, foreign=rows.claim_foreign)),
        **dict.fromkeys((f"contracts:request{part}" for part in ("", "_reject", "_withdraw")),
            numbers(mine=rows.asked_mine, colleague=rows.asked_colleague, foreign=rows.asked_foreign)),
        **dict.fromkeys((f"sales:quotation{part}" for part in ("", "_ask", "_withdraw", "_file")),
            numbers(mine=rows.quotation_mine, colleague=rows.quotation_colleague, foreign=rows.quotation_foreign)),
        "sales:quotation_new": units,
        **dict.fromkeys((f"sales:contract{part}" for part in (
            "", "_details", "_discard", "_sign", "_file", "_hand_over", "_void", "_void_hand_over")),
            deals("contract", "contract")),
        "sales:contract_edit": deals("contract", "drafted"),
        "sales:milestone": deals("contract", "contract", kind="PAID"),
        "sales:contract_new": deals("subscription", "subscribed"),
        "sales:trade": numbers(mine=rows.trade_mine, colleague=rows.trade_colleague, foreign=rows.trade_foreign),
        **dict.fromkeys((f"sales:change{part}" for part in (
            "", "_submit", "_withdraw", "_void", "_release", "_execute", "_confirm")),
            changed("change", lambda row: row.code)),
        **dict.fromkeys((f"sales:area_batch{part}" for part in ("", "_withdraw", "_execute", "_letters", "_file")), lists),
        "sales:change_new": changed("number", lambda row: row.trade.number),
        "contracts:waiting_leave": numbers(mine=rows.wait_mine, colleague=rows.wait_colleague, foreign=rows.wait_foreign),
        **dict.fromkeys((f"contracts:{name}" for name in ("hold_place", "request_new", "waiting_list", "waiting_join")), units),
        "sales:subscription_new": units,
        **dict.fromkeys((f"sales:subscription{part}" for part in (
            "", "_edit", "_discard", "_activate", "_top_up", "_lapse", "_void", "_warn", "_end", "_extend")), subscribed()),
        **dict.fromkeys((f"sales:document_{part}" for part in ("receive", "undo", "waive")), subscribed(paper=True)),
        **dict.fromkeys((f"inventory:batch{part}" for part in (
            "", "_progress", "_columns", "_accept", "_again", "_discard", "_submit", "_file", "_workbook", "_review", "_approve",
            "_return", "_return_units")), batches),
        **dict.fromkeys((f"inventory:unit{part}" for part in (
            "", "_release", "_withhold", "_change", "_assign", "_material_add", "_lock", "_unlock")), units),
        "inventory:stop_reopen": ids(own=rows.stop, foreign=rows.foreign_stop),
        "inventory:access_end": ids(colleague=rows.grant_colleague, mine=rows.grant_mine, foreign=rows.grant_foreign),
        **dict.fromkeys(("inventory:unit_edit", "inventory:unit_discard", "inventory:stack_fill"), drafts),
        **dict.fromkeys((f"inventory:price_list{part}" for part in (
            "", "_lines", "_head", "_adjust", "_file", "_template", "_submit")), price_lists),
        **dict.fromkeys((f"inventory:discount{part}" for part in ("", "_edit", "_change", "_end")), policies),
        **dict.fromkeys((f"inventory:layout{part}" for part in ("", "_edit", "_material_add")), layouts),
        **dict.fromkeys(("inventory:material_file", "inventory:material_remove"), papers),
        "inventory:material_picture": plans,
        "inventory:building_edit": ids(own=rows.a.building, foreign=rows.b.building),
        "inventory:permit_edit": ids(own=rows.a.permit, foreign=rows.b.permit),
        "inventory:phase_edit": ids(own=rows.a.phase, foreign=rows.b.phase),
        "inventory:team_edit": ids(own=rows.team, foreign=rows.b_team),
        **dict.fromkeys((f"security:account{part}" for part in (
            "", "_change", "_roles", "_close", "_reopen", "_suspend", "_second_factor", "_link")), accounts),
        **dict.fromkeys(("sales:paper_list", "sales:paper_make"),
            numbers(mine=rows.bought_mine, colleague=rows.bought_colleague, foreign=rows.bought_foreign)),
        **dict.fromkeys(("sales:quotation_paper_list", "sales:quotation_paper_make"),
            numbers(mine=rows.quoted_mine, colleague=rows.quoted_colleague, foreign=rows.quoted_foreign)),
        **dict.fromkeys((f"sales:paper{part}" for part in ("", "_file", "_print", "_sign", "_scan")), coded),
        **dict.fromkeys((f"sales:template{part}" for part in ("", "_file", "_preview", "_enforce")),
            ids(own=rows.template_own, foreign=rows.template_foreign)),
        "sales:template_own": {"": {"kind": "cover"}, "missing": {"kind": "missing"}},
        "security:freeze_lift": ids(frozen=rows.held, foreign=rows.foreign),
        "security:deputy_end": ids(own=rows.deputy),
        "security:holiday_edit": ids(one=rows.holiday),
        "security:holiday_remove": ids(one=rows.holiday),
        "security:one_time": {"live": {"token": rows.one_time}, "missing": {"token": "no-such-token"}},
        "security:project_setting_reset": {"": {"key": "hold.hours"}, "missing": {"key": "no.such"}},
        "security:session_end": {"colleague": {"number": rows.session.number}, "missing": {"number": uuid4()}},
    }  # fmt: skip
