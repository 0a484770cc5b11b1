"""The page at `/`: what a person in the CRM would see and do. No script, no outside requests.

An edit made here is an edit by a person: it moves dateUpdated and reaches the searches through
the lagging index, and it is not counted as an API call.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader

from . import contacts, forms, opportunities
from .clock import iso
from .contact_shape import by_id
from .faults import Fault
from .guard import require_same_origin
from .opportunity_shape import STATUSES
from .opportunity_shape import by_id as opportunity_by_id
from .page_appointments import Bookings
from .records import Contact, Opportunity
from .routing import Call
from .state import GhlSandbox
from .wire import Refusal

_SHOWN = 200
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def add_routes(app: web.Application, sandbox: GhlSandbox) -> None:
    """Serve the page and its forms."""
    page = Page(sandbox)
    app.router.add_get("/", page.home)
    app.router.add_get("/_page/style.css", page.style)
    app.router.add_get("/_page/contacts/{id}", page.contact)
    app.router.add_post("/_page/contacts/{id}", page.save_contact)
    app.router.add_post("/_page/contacts/{id}/delete", page.delete_contact)
    app.router.add_get("/_page/opportunities/{id}", page.opportunity)
    app.router.add_post("/_page/opportunities/{id}", page.save_opportunity)
    app.router.add_post("/_page/opportunities/{id}/delete", page.delete_opportunity)
    app.router.add_post("/_page/faults", page.faults)
    bookings = page.bookings
    app.router.add_get("/_page/appointments/{id}", bookings.one)
    app.router.add_post("/_page/appointments/{id}", bookings.save)
    app.router.add_post("/_page/appointments/{id}/delete", bookings.delete)


class Page:
    """The handlers of the page. The contact id `new` stands for one to be created."""

    def __init__(self, sandbox: GhlSandbox) -> None:
        self._sandbox = sandbox
        self.bookings = Bookings(sandbox, self)
        self._templates = Environment(
            loader=PackageLoader("crosstie.sandbox.ghl"), autoescape=True, trim_blocks=True
        )
        self._style = resources.files(__package__).joinpath("templates/style.css").read_text()

    async def style(self, request: web.Request) -> web.Response:
        return web.Response(text=self._style, content_type="text/css", headers=_HEADERS)

    async def home(self, request: web.Request) -> web.Response:
        words = request.query.get("q", "").strip().lower()
        contact_rows = [c for c in self._contacts() if words in self._spoken_contact(c)]
        opportunity_rows = [o for o in self._opportunities() if words in self._spoken(o)]
        booked = self.bookings.lines(words)
        return self.show(
            "home.html",
            words=words,
            contacts=[self._contact_line(c) for c in contact_rows[:_SHOWN]],
            contact_total=len(contact_rows),
            opportunities=[self._line(o) for o in opportunity_rows[:_SHOWN]],
            opportunity_total=len(opportunity_rows),
            appointments=booked[:_SHOWN],
            appointment_total=len(booked),
            faults=self._sandbox.faults,
            calls=self._sandbox.calls.summary(),
        )

    async def contact(self, request: web.Request) -> web.Response:
        found = self._sandbox.contacts.get(request.match_info["id"])
        if found is None and request.match_info["id"] != "new":
            raise web.HTTPNotFound(text="There is no such contact.")
        return self._contact_form(found)

    async def save_contact(self, request: web.Request) -> web.Response:
        form = await self.form(request)
        sandbox = self._sandbox
        found = sandbox.contacts.get(request.match_info["id"])
        try:
            body = forms.contact_body(sandbox, form)
            if found is not None:
                sandbox.put_contact(contacts.changed(sandbox, found, body))
            elif request.match_info["id"] == "new":
                contacts.create(sandbox, Call((), {}, body, "v3"))
            else:
                raise web.HTTPNotFound(text="There is no such contact.")
        except Refusal as refusal:
            return self._contact_form(found, typed=form, problem=refusal)
        raise web.HTTPSeeOther("/")

    async def delete_contact(self, request: web.Request) -> web.Response:
        await self.form(request)
        self._sandbox.drop_contact(request.match_info["id"])
        raise web.HTTPSeeOther("/")

    async def opportunity(self, request: web.Request) -> web.Response:
        return self._opportunity_form(self._found(request))

    async def save_opportunity(self, request: web.Request) -> web.Response:
        form = await self.form(request)
        found = self._found(request)
        try:
            body = forms.opportunity_body(self._sandbox, form)
            if body.get("status", "open") not in STATUSES:
                raise web.HTTPBadRequest(text="There is no such status.")
            self._sandbox.put_opportunity(opportunities.changed(self._sandbox, found, body))
        except Refusal as refusal:
            return self._opportunity_form(found, typed=form, problem=refusal)
        raise web.HTTPSeeOther("/")

    async def delete_opportunity(self, request: web.Request) -> web.Response:
        await self.form(request)
        self._sandbox.drop_opportunity(request.match_info["id"])
        raise web.HTTPSeeOther("/")

    async def faults(self, request: web.Request) -> web.Response:
        form = await self.form(request)
        faults = self._sandbox.faults
        match form.get("do"):
            case "down":
                faults.down = True
            case "up":
                faults.down = False
            case "clear":
                faults.clear()
            case _:
                times = form.get("times", "")
                count = int(times) if times.isdigit() else 1
                faults.add(Fault(match="* /", times=min(max(count, 1), 1000), status=500))
        raise web.HTTPSeeOther("/")

    async def form(self, request: web.Request) -> Mapping[str, str]:
        """What was typed. Refuses with 403 what another site sent."""
        require_same_origin(request)
        form = await request.post()
        return {name: value for name, value in form.items() if isinstance(value, str)}

    def _found(self, request: web.Request) -> Opportunity:
        found = self._sandbox.opportunities.get(request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound(text="There is no such opportunity.")
        return found

    def _contacts(self) -> list[Contact]:
        return sorted(self._sandbox.contacts.values(), key=lambda c: c.updated, reverse=True)

    def _opportunities(self) -> list[Opportunity]:
        records = self._sandbox.opportunities.values()
        return sorted(records, key=lambda o: o.updated, reverse=True)

    def _spoken_contact(self, contact: Contact) -> str:
        fields = " ".join(str(value) for value in contact.fields.values())
        custom = " ".join(str(value) for value in contact.custom.values())
        tags = " ".join(contact.tags)
        return f"{contact.id} {contact.full_name} {fields} {custom} {tags}".lower()

    def _spoken(self, opportunity: Opportunity) -> str:
        line = self._line(opportunity)
        return " ".join(str(value) for value in line.values()).lower()

    def _contact_line(self, contact: Contact) -> dict[str, Any]:
        return {
            "id": contact.id,
            "name": contact.full_name,
            "email": contact.text("email"),
            "phone": contact.text("phone"),
            "tags": contact.tags,
            "custom": self._custom(contact.custom),
        }

    def _custom(self, values: Mapping[str, Any]) -> dict[str, str]:
        fields = self._sandbox.location.fields
        shown = forms.shown_value
        return {fields[k].name: shown(fields[k], v) for k, v in values.items() if k in fields}

    def _line(self, opportunity: Opportunity) -> dict[str, Any]:
        location = self._sandbox.location
        pipeline = location.pipelines[opportunity.pipeline_id]
        contact = self._sandbox.contacts.get(opportunity.contact_id)
        return {
            "id": opportunity.id,
            "name": opportunity.name,
            "pipeline": pipeline.name,
            "stage": next((s.name for s in pipeline.stages if s.id == opportunity.stage_id), ""),
            "status": opportunity.status,
            "contact": contact.full_name if contact else "",
            "custom": self._custom(opportunity.custom),
        }

    def _contact_form(
        self,
        found: Contact | None,
        *,
        typed: Mapping[str, str] | None = None,
        problem: Refusal | None = None,
    ) -> web.Response:
        return self.show(
            "record.html",
            kind="contacts",
            title=(found.full_name or found.id) if found else "New contact",
            record_id=found.id if found else "new",
            inputs=forms.contact_inputs(self._sandbox, found),
            updated=iso(found.updated) if found else "",
            shown=by_id(self._sandbox.location, found) if found else {},
            typed=typed or {},
            problem=problem,
        )

    def _opportunity_form(
        self,
        found: Opportunity,
        *,
        typed: Mapping[str, str] | None = None,
        problem: Refusal | None = None,
    ) -> web.Response:
        return self.show(
            "record.html",
            kind="opportunities",
            title=found.name,
            record_id=found.id,
            inputs=forms.opportunity_inputs(self._sandbox, found),
            updated=iso(found.updated),
            shown=opportunity_by_id(self._sandbox, found),
            typed=typed or {},
            problem=problem,
        )

    def show(self, template: str, **values: Any) -> web.Response:
        """A template as a page; with a `problem` under its status."""
        problem = values.get("problem")
        text = self._templates.get_template(template).render(
            location=self._sandbox.location, **values
        )
        status = 200 if problem is None else problem.status
        return web.Response(text=text, content_type="text/html", status=status, headers=_HEADERS)
