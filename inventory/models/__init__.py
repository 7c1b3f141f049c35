"""Projects, buildings, units, layouts, prices, discounts, batches, and the record of what happened to each unit."""

from inventory.models.batch import BatchLine, ImportMapping, ListingBatch
from inventory.models.building import Building, Layout, Permit
from inventory.models.change import BoardChange
from inventory.models.display import WallDisplay
from inventory.models.event import UnitEvent
from inventory.models.grant import AccessGrant
from inventory.models.interest import UnitInterest
from inventory.models.material import Material
from inventory.models.price import DiscountPolicy, PriceLine, PriceList
from inventory.models.project import Phase, Project, ProjectGrant, ProjectGroupGrant, Team
from inventory.models.stop import SalesStop
from inventory.models.unit import Unit, UnitLock

__all__ = [
    "AccessGrant",
    "BatchLine",
    "BoardChange",
    "Building",
    "DiscountPolicy",
    "ImportMapping",
    "Layout",
    "ListingBatch",
    "Material",
    "Permit",
    "Phase",
    "PriceLine",
    "PriceList",
    "Project",
    "ProjectGrant",
    "ProjectGroupGrant",
    "SalesStop",
    "Team",
    "Unit",
    "UnitEvent",
    "UnitInterest",
    "UnitLock",
    "WallDisplay",
]
