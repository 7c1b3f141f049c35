"""Which role may do what (domain B1, decisions 1). The generated `docs/permissions.md` is this table."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from salescontrol.core.permissions import Permission as P
from salescontrol.core.permissions import Role

_SEE = frozenset({P.PROJECT_SEE, P.BOARD_SEE, P.PRICE_SEE})
_SPECIALIST = _SEE | {
    P.UNIT_SEE_ALL, P.UNIT_SEE_DRAFTS, P.UNIT_SEE_PEOPLE, P.UNIT_ENTER, P.UNIT_RELEASE_PROPOSE, P.UNIT_CHANGE_PROPOSE,
    P.UNIT_EXPORT, P.BATCH_SUBMIT, P.PRICE_PROPOSE, P.DISCOUNT_PROPOSE, P.MATERIAL_ADD, P.APPROVAL_SEE, P.HOLD_PLACE,
    P.CLAIM_SEE_ALL, P.CUSTOMER_SEE_ALL, P.CUSTOMER_ENTER, P.CUSTOMER_REVEAL, P.ACCESS_REQUEST,
    P.VIEWING_BOOK, P.VIEWING_SEE_ALL, P.CALL_LOG, P.CALL_SEE_ALL,
    P.VISIT_LOG, P.VISIT_SEE_ALL, P.CUSTOMER_ERASE, P.CUSTOMER_IMPORT, P.PRE_REPORT_ENTER,
    P.QUOTATION_MAKE, P.DEAL_WRITE, P.CHANGE_REQUEST, P.CHANGE_EXECUTE,
}  # fmt: skip

PERMISSIONS: Mapping[Role, frozenset[P]] = {
    Role.SPECIALIST: _SPECIALIST,
    Role.SUPERVISOR: _SPECIALIST | {
        P.PROJECT_SETTINGS, P.UNIT_REVIEW, P.UNIT_RELEASE, P.UNIT_CHANGE_DECIDE, P.UNIT_ASSIGN, P.FLOOR_PRICE_SEE,
        P.PRICE_DECIDE, P.DISCOUNT_DECIDE, P.ACCOUNT_SEE, P.ACCOUNT_DECIDE, P.DEPUTY_NAME, P.AUDIT_SEE,
        P.HOLD_OVERRIDE, P.SALES_STOP, P.LOCK_LAY, P.DISPLAY_KEEP, P.ACCESS_DECIDE, P.CONSISTENCY_SEE,
        P.ROSTER_KEEP, P.TALK_KEEP, P.MEASURES_SEE,
        P.VISIT_LATE, P.CUSTOMER_ERASE_DECIDE, P.VISIT_JUDGE,
        P.DEAL_DECIDE, P.DEAL_VOID, P.PAPER_KEEP, P.SALES_IMPORT,
    },
    Role.SALESPERSON: _SEE | {
        P.UNIT_SEE_OWN, P.HOLD_REQUEST, P.CLAIM_SEE_OWN, P.CUSTOMER_SEE_OWN, P.CUSTOMER_ENTER, P.CUSTOMER_REVEAL,
        P.ACCESS_REQUEST, P.VIEWING_BOOK, P.VIEWING_SEE_OWN, P.CALL_SEE_OWN,
        P.VISIT_LOG, P.VISIT_SEE_OWN, P.QUOTATION_MAKE,
    },
    Role.FINANCE: _SEE | {
        P.UNIT_SEE_ALL, P.UNIT_SEE_PEOPLE, P.FLOOR_PRICE_SEE, P.UNIT_EXPORT, P.APPROVAL_SEE, P.CLAIM_SEE_ALL,
        P.ACCESS_REQUEST,
    },
    Role.MARKETING: _SEE | {P.UNIT_SEE_SUBMITTED, P.UNIT_ENTER, P.BATCH_SUBMIT, P.PRICE_PROPOSE, P.DISCOUNT_PROPOSE, P.MATERIAL_ADD},
    Role.DEPARTMENT_HEAD: frozenset({P.PROJECT_SEE}),
    Role.MANAGEMENT: _SEE | {
        P.PROJECT_OPEN, P.UNIT_SEE_ALL, P.UNIT_SEE_PEOPLE, P.UNIT_EXPORT, P.FLOOR_PRICE_SEE, P.FLOOR_PRICE_DECIDE,
        P.APPROVAL_SEE, P.ACCOUNT_SEE, P.ACCOUNT_DECIDE, P.AUDIT_SEE, P.CLAIM_SEE_ALL, P.CUSTOMER_SEE_ALL, P.SALES_STOP,
        P.ACCESS_DECIDE, P.CONSISTENCY_SEE, P.VIEWING_SEE_ALL, P.CALL_SEE_ALL, P.MEASURES_SEE,
        P.VISIT_SEE_ALL, P.CUSTOMER_ERASE_DECIDE,
    },
    Role.ADMINISTRATOR: frozenset({P.ACCOUNT_SEE, P.ACCOUNT_PROPOSE, P.SESSION_END, P.COMPANY_SETTINGS, P.CONSISTENCY_SEE}),
}  # fmt: skip

DESCRIPTIONS = {
    Role.SUPERVISOR: _("Approves listings, prices and every important change, assigns units, leads the room."),
    Role.SPECIALIST: _("Enters and maintains units, keeps the board, prepares deals and papers."),
    Role.SALESPERSON: _("Sees only the units and customers that are theirs."),
    Role.FINANCE: _("Records receipts and follows payments."),
    Role.MARKETING: _("Submits batches of units, proposes prices and discounts, sees its own submissions."),
    Role.DEPARTMENT_HEAD: _("Reads the reports addressed to them."),
    Role.MANAGEMENT: _("Reads every project and decides what is beyond the supervisor."),
    Role.ADMINISTRATOR: _("Keeps accounts, settings and backups; sees no business data and approves nothing."),
}

SECOND_FACTOR_ROLES = frozenset({Role.SUPERVISOR, Role.FINANCE, Role.ADMINISTRATOR})


def permissions_of(roles) -> frozenset[P]:
    """All permissions of the roles together."""
    return frozenset().union(*(PERMISSIONS[Role(role)] for role in roles)) if roles else frozenset()
