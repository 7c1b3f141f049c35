"""No template walks from one row to another that its reader may not see (reliability 3.5, layer 2)."""

from types import SimpleNamespace

import pytest
from django.template import Context, Template

from contracts.models import Claim
from enquiries.models import Customer
from tests.crawl import patterns
from tests.walks import noted

pytestmark = pytest.mark.django_db
LOOKED_AT = ("supervisor", "salesperson")


@pytest.mark.parametrize(
    ("text", "walks"),
    [
        ("{{ claim.customer.phone }}", True),
        ("{% if row.claim.customer %}x{% endif %}", True),
        ("{% for claim in claims %}{{ claim.customer.name }}{% endfor %}", True),
        ("{% with who=claim.customer %}{{ who.name }}{% endwith %}", True),
        ("{{ customer.name }}", True),
        ("{{ claim.number }} {{ shown.customer }} {{ shown.items.0 }}", False),
    ],
)
def test_a_template_that_walks_is_noticed(text, walks):
    claim = Claim(number="K1", customer=Customer(name="Guest", phone="13900000000"))
    shown = {"customer": "K***", "items": ["x"]}
    context = {
        "claim": claim,
        "claims": [claim],
        "row": SimpleNamespace(claim=claim),
        "customer": claim.customer,
        "shown": shown,
    }
    with noted() as found:
        Template(text).render(Context(context))
    assert bool(found) is walks


@pytest.mark.parametrize("name", sorted(patterns()))
def test_no_template_walks_to_a_row_of_a_person(crawl, name):
    for identity in LOOKED_AT:
        for address in crawl.addresses.get(name, ()):
            if not address.nowhere and identity in address.askers("GET"):
                with noted() as found:
                    crawl.ask(identity, address)
                assert found == [], str(address)
