"""A base address or a location that leads nowhere."""

from __future__ import annotations

import pytest
from ghl_fakes import FakeDoors, crm_of

from crosstie.core.errors import Misconfigured
from crosstie.ports import HttpAccount


@pytest.mark.parametrize("address", ["http://[::1", "https://host:port", "services.example.com"])
def test_a_base_address_that_is_none_is_refused(address: str) -> None:
    account = HttpAccount("crm", address, "env:TOKEN", ())
    with pytest.raises(Misconfigured, match="crm: base_url is not the address of a web service"):
        FakeDoors().http(account)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 404, "message": "Location not found"},
        {"status": 422, "message": "locationId must be a valid id"},
    ],
    ids=lambda fault: str(fault["status"]),
)
def test_a_location_that_the_crm_does_not_know_is_named(fault: dict[str, object]) -> None:
    with crm_of() as crm:
        crm.fault("GET /locations/{id}", **fault)
        with pytest.raises(Misconfigured, match="there is no location") as wrong:
            crm.contacts()
        assert wrong.value.fix is not None and "copy the id of the location" in wrong.value.fix
