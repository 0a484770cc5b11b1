"""Applications on servers, for the tests of what is different there, and a CRM."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from ghl_ground import Ground
from ghl_ground import served as crm_served
from sql_app import SERVERS, TRIPS, App
from sql_servers import Server, served

from crosstie.connectors.sql.collection import TableCollection


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with served(request.param) as found:
        yield found


@pytest.fixture
def app(server: Server) -> Iterator[App]:
    # Collections of an earlier test may still be held by the traceback of an error.
    gc.collect()
    server.empty()
    made = App(server)
    yield made
    made.connection.close()


@pytest.fixture
def trips(app: App) -> TableCollection:
    app.sql(TRIPS)
    return app.captured("trips")


@pytest.fixture
def ground() -> Iterator[Ground]:
    with crm_served() as ground:
        yield ground
