"""The location, its custom fields and its tags."""

from __future__ import annotations

from .client import Crm


def test_the_policy_is_readable(crm: Crm) -> None:
    found = crm.get(f"/locations/{crm.location}").json["location"]
    assert found["settings"]["allowDuplicateContact"] is False
    assert found["timezone"] == "America/New_York"
    crm.control("settings", allowDuplicateContact=True)
    found = crm.get(f"/locations/{crm.location}").json["location"]
    assert found["settings"]["allowDuplicateContact"] is True


def test_custom_fields_are_listed_by_model(crm: Crm) -> None:
    path = f"/locations/{crm.location}/customFields"
    models = {f["model"] for f in crm.get(path).json["customFields"]}
    assert models == {"contact"}
    models = {f["model"] for f in crm.get(path, model="all").json["customFields"]}
    assert models == {"contact", "opportunity"}
    assert crm.get(path, model="shoe").status == 422


def test_the_tripbuilder_location_has_its_fields_and_markers(trips: Crm) -> None:
    fields = trips.fields("opportunity")
    assert len(fields) == 13
    assert {"opportunity.tripname", "opportunity.arrivaldate", "opportunity.crosstie_id"} <= set(
        fields
    )
    assert set(trips.fields("contact")) == {"contact.crosstie_id"}
    desk = trips.get("/contacts/TripDeskContact00001").json["contact"]
    assert desk["email"] == "desk@trips.example"


def test_a_field_can_be_made_renamed_and_deleted_with_its_values(crm: Crm) -> None:
    path = f"/locations/{crm.location}/customFields"
    made = crm.post(path, name="Shoe Size", dataType="NUMERICAL", model="contact")
    assert made.status == 201
    field = made.json["customField"]
    assert field["fieldKey"] == "contact.shoe_size"
    renamed = crm.put(f"{path}/{field['id']}", name="Size").json["customField"]
    assert (renamed["name"], renamed["fieldKey"]) == ("Size", "contact.shoe_size")
    by_key = crm.get(f"{path}/contact.shoe_size").json["customField"]
    assert by_key["id"] == field["id"]
    person = crm.contact(
        email="a@b.example", customFields=[{"id": field["id"], "field_value": "44"}]
    )
    assert person["customFields"] == [{"id": field["id"], "value": 44}]
    assert crm.delete(f"{path}/{field['id']}").json["succeded"] is True
    assert crm.get(f"{path}/{field['id']}").status == 404
    assert crm.get(f"/contacts/{person['id']}").json["contact"]["customFields"] == []


def test_a_field_needs_a_known_type_and_a_new_key(crm: Crm) -> None:
    path = f"/locations/{crm.location}/customFields"
    assert crm.post(path, name="X", dataType="SHOE").status == 422
    assert crm.post(path, name="Level", dataType="TEXT").status == 400
    level = crm.fields("contact")["contact.level"]
    assert crm.put(f"{path}/{level}", name="L", dataType="TEXT").status == 422


def test_tags_of_contacts_enter_the_dictionary_once(crm: Crm) -> None:
    crm.contact(email="a@b.example", tags=["VIP"])
    made = crm.post(f"/locations/{crm.location}/tags", name=" Vip ").json["tag"]
    crm.post(f"/locations/{crm.location}/tags", name="other")
    tags = crm.get(f"/locations/{crm.location}/tags").json["tags"]
    assert [tag["name"] for tag in tags] == ["vip", "other"]
    assert tags[0] == made
