"""The roles and permissions of the product, as code (decisions 1 and 2). Which role holds which permission: `security/roles.py`."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Eight roles; administrator and management are company-wide, the rest are held project by project."""

    SUPERVISOR = "supervisor", _("Supervisor")
    SPECIALIST = "specialist", _("Specialist")
    SALESPERSON = "salesperson", _("Salesperson")
    FINANCE = "finance", _("Finance")
    MARKETING = "marketing", _("Marketing")
    DEPARTMENT_HEAD = "department_head", _("Department head")
    MANAGEMENT = "management", _("Management")
    ADMINISTRATOR = "administrator", _("System administrator")

    @property
    def codename(self) -> str:
        """The guardian permission on `Project` that stands for this role."""
        return f"role_{self.value}"


COMPANY_ROLES = (Role.MANAGEMENT, Role.ADMINISTRATOR)
PROJECT_ROLES = tuple(role for role in Role if role not in COMPANY_ROLES)


class Permission(StrEnum):
    """One named function each; a service, a URL and a button ask for the same name."""

    PROJECT_SEE = "project.see"
    PROJECT_OPEN = "project.open"
    PROJECT_SETTINGS = "project.settings"
    BOARD_SEE = "board.see"
    UNIT_SEE_ALL = "unit.see_all"
    UNIT_SEE_OWN = "unit.see_own"
    UNIT_SEE_SUBMITTED = "unit.see_submitted"
    UNIT_SEE_DRAFTS = "unit.see_drafts"
    UNIT_SEE_PEOPLE = "unit.see_people"
    UNIT_ENTER = "unit.enter"
    UNIT_REVIEW = "unit.review"
    UNIT_RELEASE = "unit.release"
    UNIT_RELEASE_PROPOSE = "unit.release_propose"
    UNIT_CHANGE_PROPOSE = "unit.change_propose"
    UNIT_CHANGE_DECIDE = "unit.change_decide"
    UNIT_ASSIGN = "unit.assign"
    UNIT_EXPORT = "unit.export"
    BATCH_SUBMIT = "batch.submit"
    FLOOR_PRICE_SEE = "floor_price.see"
    FLOOR_PRICE_DECIDE = "floor_price.decide"
    PRICE_SEE = "price.see"
    PRICE_PROPOSE = "price.propose"
    PRICE_DECIDE = "price.decide"
    DISCOUNT_PROPOSE = "discount.propose"
    DISCOUNT_DECIDE = "discount.decide"
    HOLD_REQUEST = "hold.request"
    HOLD_PLACE = "hold.place"
    HOLD_OVERRIDE = "hold.override"
    CLAIM_SEE_ALL = "claim.see_all"
    CLAIM_SEE_OWN = "claim.see_own"
    QUOTATION_MAKE = "quotation.make"
    DEAL_WRITE = "deal.write"
    DEAL_DECIDE = "deal.decide"
    DEAL_VOID = "deal.void"
    CHANGE_REQUEST = "change.request"
    CHANGE_EXECUTE = "change.execute"
    PAPER_KEEP = "paper.keep"
    SALES_IMPORT = "sales.import"
    CUSTOMER_SEE_ALL = "customer.see_all"
    CUSTOMER_SEE_OWN = "customer.see_own"
    CUSTOMER_ENTER = "customer.enter"
    CUSTOMER_REVEAL = "customer.reveal"
    CUSTOMER_ERASE = "customer.erase"
    CUSTOMER_ERASE_DECIDE = "customer.erase_decide"
    CUSTOMER_IMPORT = "customer.import"
    VIEWING_BOOK = "viewing.book"
    VIEWING_SEE_ALL = "viewing.see_all"
    VIEWING_SEE_OWN = "viewing.see_own"
    ROSTER_KEEP = "roster.keep"
    CALL_LOG = "call.log"
    CALL_SEE_ALL = "call.see_all"
    CALL_SEE_OWN = "call.see_own"
    VISIT_LOG = "visit.log"
    VISIT_LATE = "visit.late"
    VISIT_SEE_ALL = "visit.see_all"
    VISIT_SEE_OWN = "visit.see_own"
    VISIT_JUDGE = "visit.judge"
    PRE_REPORT_ENTER = "pre_report.enter"
    TALK_KEEP = "talk.keep"
    MEASURES_SEE = "measures.see"
    SALES_STOP = "sales.stop"
    LOCK_LAY = "lock.lay"
    DISPLAY_KEEP = "display.keep"
    ACCESS_REQUEST = "access.request"
    ACCESS_DECIDE = "access.decide"
    MATERIAL_ADD = "material.add"
    APPROVAL_SEE = "approval.see"
    ACCOUNT_SEE = "account.see"
    ACCOUNT_PROPOSE = "account.propose"
    ACCOUNT_DECIDE = "account.decide"
    SESSION_END = "session.end"
    DEPUTY_NAME = "deputy.name"
    COMPANY_SETTINGS = "company.settings"
    AUDIT_SEE = "audit.see"
    CONSISTENCY_SEE = "consistency.see"
