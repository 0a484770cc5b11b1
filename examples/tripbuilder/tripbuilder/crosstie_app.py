"""What corresponds to what: three tables of ours, and contacts and two pipelines in GoHighLevel.

Start with `crosstie check`, then `crosstie capture install`, then `crosstie serve`.
"""

from __future__ import annotations

from crosstie import (
    Composed,
    Constant,
    Crosstie,
    Date,
    Email,
    Endpoint,
    EnumMap,
    Integer,
    Phone,
    Reference,
    Rhythm,
    Sync,
    Tags,
    Text,
    field,
)
from crosstie.connectors.ghl import GoHighLevel
from crosstie.connectors.ghl.webhooks import PUBLISHED
from crosstie.connectors.sql import Database
from crosstie.core.mapping import Field
from tripbuilder.models import PASSENGER_STAGES, STAGES, STATUSES
from tripbuilder.settings import Settings

_STATUS = EnumMap({status: status for status in STATUSES})


def declared(settings: Settings) -> Crosstie:
    """The three syncs, between the database and the location that the settings name.

    Rows that already know their remote id are linked to it when the sync is first switched on.
    """
    base = Database(settings.database, label="TripBuilder")
    ghl = GoHighLevel("env:GHL_LOCATION", token="env:GHL_TOKEN", base_url=settings.base_url)
    rhythm = Rhythm(left=settings.left_every, right=settings.right_every)
    return Crosstie(
        [
            Sync(
                "contacts",
                base.table("contacts"),
                ghl.contacts(search_lag=settings.search_lag),
                _contact_fields(),
                match=("ghl_contact_id", "email", "phone"),
                # The agency's own contact holds the trips in the CRM; it is nobody who travels.
                where_right=lambda row: row.get("id") != settings.desk,
                rhythm=rhythm,
            ),
            Sync(
                "trips",
                base.table("trips"),
                ghl.opportunities("TripBooking", search_lag=settings.search_lag),
                _trip_fields(settings.desk),
                match=("ghl_opportunity_id",),
                rhythm=rhythm,
            ),
            Sync(
                "passengers",
                base.table("passengers"),
                ghl.opportunities("Passenger", search_lag=settings.search_lag),
                _passenger_fields(),
                match=("ghl_opportunity_id",),
                rhythm=rhythm,
            ),
        ],
        state=settings.state,
        webhooks=[_told(ghl, settings)],
    )


def _told(ghl: GoHighLevel, settings: Settings) -> Endpoint:
    """`crosstie serve` receives at /webhooks/ghl; `crosstie run` only asks."""
    keys = settings.webhook_key or PUBLISHED
    return Endpoint("ghl", ghl.webhooks(settings.webhook_app, keys=keys))


def _contact_fields() -> list[Field]:
    return [
        field("first_name", "firstName", Text()),
        field("last_name", "lastName", Text()),
        field("email", "email", Email()),
        field("phone", "phone", Phone(region="US")),
        field("tags", "tags", left_lens=Tags(separator=", "), right_lens=Tags(), policy="union"),
        field("ghl_contact_id", "id", Text(), direction="to_left"),
    ]


def _trip_fields(desk: str) -> list[Field]:
    return [
        field("name", "name", Text()),
        # The name stands a second time among the custom fields; ours is the one that counts.
        field("name", "opportunity.tripname", Text(), name="trip_name", direction="to_right",
              owner="left"),
        field("destination", "opportunity.destination", Text()),
        field("arrival_date", "opportunity.arrivaldate", Date()),
        field("return_date", "opportunity.returndate", Date()),
        field("max_passengers", "opportunity.maxpassengers", Integer()),
        field("trip_vendor", "opportunity.tripvendor", Text()),
        field("internal_trip_details", "opportunity.internaltripdetails", Text()),
        field("stage", "stage", _stages(STAGES)),
        field("status", "status", _STATUS),
        field(None, "contactId", Constant(desk), create_only=True),
        field("ghl_opportunity_id", "id", Text(), direction="to_left"),
    ]  # fmt: skip


def _passenger_fields() -> list[Field]:
    return [
        field(None, "name", Composed("{trip_name}, passenger {id}")),
        field(
            "contact_id",
            "contactId",
            left_lens=Reference("contacts", wire="number"),
            right_lens=Reference("contacts"),
            create_only=True,
        ),
        field("trip_name", "opportunity.tripname", Text()),
        field("passport_number", "opportunity.passportnumber", Text()),
        field("passport_expire", "opportunity.passportexpire", Date()),
        field("health_state", "opportunity.healthstate", Text()),
        field("user_roomate", "opportunity.userroomate", Text()),
        field("room_occupancy", "opportunity.roomoccupancy", Text()),
        field("stage", "stage", _stages(PASSENGER_STAGES)),
        field("status", "status", _STATUS),
        field("ghl_opportunity_id", "id", Text(), direction="to_left"),
    ]


def _stages(names: tuple[str, ...]) -> EnumMap:
    """Our small letters to the stages as the pipeline calls them."""
    return EnumMap({name: name.capitalize() for name in names})


app = declared(Settings.of())
