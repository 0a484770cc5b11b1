"""A person at a web page: opens a form, changes fields, presses the button. No script needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from crosstie.demo.waiting import Failed

_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as it came: where it was found in the end, and its text."""

    address: str
    text: str


@dataclass(slots=True)
class Form:
    """One form of a page, with what its fields show."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    """Words of a label -> name of its field."""


class Browser:
    """Keeps cookies, follows redirects, talks to the given address only, never through a proxy."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()), ProxyHandler({}))

    def open(self, path: str) -> Shown:
        """Look at a page. Raises Failed for an error page."""
        return self._get(Request(urljoin(self.address, path)))

    def submit(self, path: str, changes: Mapping[str, str], *, button: str | None = None) -> Shown:
        """Open a page, change fields of its form and send it.

        The form is the first that has all the fields named; `button`: the one whose action ends
        with that.  A field is named by its name or by its label.  Raises Failed where the page has
        no such form or refuses it.
        """
        return self._send(path, changes, button, whole=True)

    def change(self, path: str, changes: Mapping[str, str]) -> Shown:
        """The same, sending nothing but the changed fields, as pages that save each field do."""
        return self._send(path, changes, None, whole=False)

    def _send(
        self, path: str, changes: Mapping[str, str], button: str | None, *, whole: bool
    ) -> Shown:
        page = self.open(path)
        form = _chosen(_forms(page), changes, button, path)
        named = {form.labels.get(name, name): value for name, value in changes.items()}
        body = urlencode({**(form.fields if whole else {}), **named}).encode()
        return self._get(Request(urljoin(page.address, form.action), data=body))

    def _get(self, request: Request) -> Shown:
        try:
            with self._opener.open(request, timeout=_PATIENCE) as reply:
                return Shown(reply.geturl(), reply.read().decode())
        except HTTPError as refused:
            with refused:
                raise Failed(
                    f"{request.get_method()} {request.full_url} answered {refused.code}"
                ) from None


def _chosen(forms: list[Form], changes: Mapping[str, str], button: str | None, path: str) -> Form:
    for form in forms:
        if button is not None and not form.action.endswith(button):
            continue
        if all(name in form.fields or name in form.labels for name in changes):
            return form
    raise Failed(f"the page {path} has no form with {', '.join(changes) or button}")


def _forms(page: Shown) -> list[Form]:
    reader = _Reader(page.address)
    reader.feed(page.text)
    return reader.forms


class _Reader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._address = address
        self._form: Form | None = None
        self._select: str | None = None
        self._area: str | None = None
        self._label: str | None = None
        self._words = ""
        self._ids: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action") or self._address)
            self.forms.append(self._form)
        elif tag == "label":
            # Without `for`, the label holds its field.
            self._label, self._words = given.get("for", ""), ""
        elif self._form is not None:
            self._field(self._form, tag, given, {name for name, _ in attrs})

    def _field(self, form: Form, tag: str, given: Mapping[str, str], flags: set[str]) -> None:
        name = given.get("name", "")
        if tag == "option" and self._select is not None:
            if "selected" in flags or self._select not in form.fields:
                form.fields[self._select] = given.get("value", "")
            return
        if tag not in ("input", "select", "textarea") or not name:
            return
        self._ids[given.get("id", name)] = name
        if self._label == "":
            form.labels.setdefault(self._words.strip(), name)
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area, form.fields[name] = name, ""
        else:
            form.fields[name] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area is not None and self._form is not None:
            self._form.fields[self._area] += data
        elif self._label is not None:
            self._words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            if self._form is not None and self._label:
                self._form.labels[self._words.strip()] = self._label
            self._label = None
        elif tag == "textarea":
            self._end_area()
        elif tag == "select":
            self._select = None
        elif tag == "form" and self._form is not None:
            ids = self._ids
            self._form.labels = {w: ids.get(i, i) for w, i in self._form.labels.items()}
            self._form = None

    def _end_area(self) -> None:
        # The line break right after <textarea> is not part of its text.
        if self._area is not None and self._form is not None:
            self._form.fields[self._area] = self._form.fields[self._area].removeprefix("\n")
        self._area = None
