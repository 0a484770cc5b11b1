from .world import World


def test_smoke(world: World) -> None:
    world.add_person("Ada", "ada@example.org")
    world.add_contact(firstName="Bo", email="bo@example.org", city="Rome")
    print(world.control("state"))
    for cmd in (
        ["status"],
        ["capture", "install"],
        ["capture", "status"],
        ["plan"],
        ["plan", "--json"],
        ["run", "--once"],
        ["run", "--once"],
        ["status"],
        ["plan"],
        ["apply", "--yes"],
    ):
        said = world.crosstie(*cmd)
        with world.capture.disabled():
            print("$", *cmd, "->", said.code)
            print(said.out)
            print(said.err)
    with world.capture.disabled():
        print(world.people(), world.contacts())
