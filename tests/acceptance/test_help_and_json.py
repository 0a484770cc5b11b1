"""Every command explains itself with an example, and speaks JSON when asked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from crosstie.cli.group import COMMANDS, root

from .world import World


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        yield (*path, name), command
        if hasattr(command, "list_commands"):
            yield from commands(command, (*path, name))


EVERY = dict(commands(get_command(root)))
LEAVES = {path: c for path, c in EVERY.items() if not hasattr(c, "list_commands")}


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_help_has_a_purpose_and_an_example(offline: World, path: tuple[str, ...]) -> None:
    said = offline.crosstie(*path, "--help")
    assert said.code == 0
    assert "Example:" in said.out
    assert f"crosstie {path[0]}" in said.out
    assert said.err == ""


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_takes_json(path: tuple[str, ...]) -> None:
    assert "--json" in {name for p in LEAVES[path].params for name in p.opts}


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    for name, purpose in COMMANDS.items():
        command = EVERY[(name,)]
        assert command.help.strip().startswith(purpose), name


def test_help_imports_nothing_that_it_does_not_need() -> None:
    program = (
        "import sys\nfrom crosstie.cli import main\nmain(['--help'])\n"
        "print(*(set(sys.modules) & {'sqlalchemy', 'aiohttp', 'rich', 'msgspec', 'jinja2', "
        "'crosstie.core', 'asyncio', 'phonenumbers'}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == ""


ALERTS = {path for path in LEAVES if path[0] == "alerts"}
AUTH = {path for path in LEAVES if path[0] == "auth"}
WEBHOOK = {path for path in LEAVES if path[0] == "webhook"}
STAY_UP = {("sandbox", "ghl"), ("sandbox", "mail"), ("sandbox", "chat"), ("demo",), ("serve",)}
"""They have tests of their own."""


def test_every_command_answers_one_document(world: World) -> None:
    world.add_person("Ada", "ada@example.org")
    spoken = set()

    def call(*args: str, code: int = 0) -> Any:
        said = world.crosstie(*args, "--json")
        assert said.code == code, said
        spoken.add(args[:2] if args[:2] in LEAVES else args[:1])
        return json.loads(said.out)

    call("init")
    assert call("sim", "--seeds", "2", "--jobs", "1", "--builtin")["violations"] == 0
    world.declare()
    assert call("check")["counts"]["error"] == 0
    assert call("fields", "contacts")["sync"] == "contacts"
    for verb in ("install", "status", "uninstall"):
        assert call("capture", verb)["tables"]
    assert call("plan", "--detailed-exitcode", code=10)["counts"] == {"create": 1}
    assert call("apply", "--yes")["exit"] == 0
    assert call("run", "--once")["writes"] == 0
    assert (call("status")["well"], call("health")["state"]) == (True, "healthy")
    view = call("record", "show", "1")
    assert call("record", "history", "1")["history"]
    assert call("pull", "contacts", view["right_id"])["state"] == "settled"
    assert call("why", "1", "city")["sides"]["right"]["still_ours"]
    first = call("runs")["runs"][-1]["id"]
    assert call("undo", "--run", str(first), "-o", "undo.json")["undoes"] == first
    world.sql("UPDATE people SET city = 'Left'")
    world.api("PUT", f"/contacts/{view['right_id']}", {"city": "Right"})
    assert call("run", "--once", code=6)["conflicts"] == 1
    [asked] = call("conflicts", "list")["conflicts"]
    assert call("conflicts", "show", str(asked["id"]))["fields"]["city"]["left"] == "Left"
    assert call("conflicts", "resolve", str(asked["id"]), "--take", "left")["answer"]["take"]
    world.add_person("Bad", "no-address")
    assert call("run", "--once", code=1)["counts"]["contacts.dead"] == 1
    assert call("dead", "list")["causes"]
    assert call("dead", "retry", "--all", "--yes")["count"] == 1
    assert call("run", "--once", code=1)["exit"] == 1
    assert call("dead", "discard", "2")["count"] == 1
    assert spoken == set(LEAVES) - STAY_UP - ALERTS - AUTH - WEBHOOK


def test_every_command_about_alerts_answers_one_document(world: World) -> None:
    documents = {
        ("ls",): "channels",
        ("check",): "looked",
        ("mute", "dead", "--for", "2h"): "until",
        ("unmute", "dead"): "cause",
        ("log",): "messages",
    }
    for args, named in documents.items():
        said = world.crosstie("alerts", *args, "--json")
        assert (said.code, named in json.loads(said.out)) == (0, True), said
    # A test needs a channel: it is in test_alerts.py.
    assert {("alerts", args[0]) for args in documents} == ALERTS - {("alerts", "test")}


ERRORS = [
    (("nonsense",), "usage", 2),
    (("plan", "--bogus"), "usage", 2),
    (("pull",), "usage", 2),
    (("demo", "nothing"), "usage", 2),
    (("sandbox", "ghl", "--preset", "nothing"), "usage", 2),
    (("sim", "--world", "nothing"), "usage", 2),
    (("status", "--app", "nowhere:app"), "misconfigured", 3),
    (("run", "--once", "--sync", "nothing"), "usage", 2),
    (("check", "--sync", "nothing"), "usage", 2),
    (("fields", "nothing"), "usage", 2),
    (("capture", "install", "--sync", "nothing"), "usage", 2),
    (("conflicts", "list", "--sync", "nothing"), "usage", 2),
    (("pull", "nothing", "1"), "usage", 2),
    (("alerts", "test", "pager"), "unknown", 1),
    (("alerts", "mute", "dead", "--for", "soon"), "usage", 2),
    (("alerts", "unmute", "dead"), "unknown", 1),
    (("apply", "nothing.json"), "usage", 2),
    (("apply", "pyproject.toml"), "misconfigured", 3),
    (("record", "show", "nobody"), "unknown", 1),
    (("conflicts", "show", "7"), "unknown", 1),
    (("dead", "retry"), "usage", 2),
    (("dead", "list", "--group", "12345678"), "unknown", 1),
    (("undo",), "usage", 2),
    (("undo", "nobody"), "unknown", 1),
    (("why", "nobody", "city"), "unknown", 1),
    (("plan",), "retry", 5),
]


@pytest.mark.parametrize(("args", "code", "exit_code"), ERRORS, ids=lambda a: str(a))
def test_an_error_is_an_envelope_on_stderr(
    offline: World, args: tuple[str, ...], code: str, exit_code: int
) -> None:
    said = offline.crosstie(*args, "--json")
    assert said.code == exit_code
    assert said.out == ""
    assert said.error["code"] == code
    assert said.error["exit"] == exit_code
    assert said.error["message"]
    assert said.error["fix"]
    plain = offline.crosstie(*args)
    assert plain.code == exit_code
    assert plain.err.splitlines()[-1].startswith("fix: ")


def test_debug_shows_where_an_error_came_from(offline: World) -> None:
    with pytest.raises(Exception, match="no module"):
        offline.crosstie("status", "--app", "nowhere:app", "--debug")


def test_no_color_and_no_terminal_mean_no_escape_codes(world: World) -> None:
    world.add_person("\x1b[31mred", "ada@example.org")
    world.crosstie("run", "--once")
    for args in (("status",), ("check",), ("record", "show", "1")):
        assert "\x1b" not in world.crosstie(*args).out
