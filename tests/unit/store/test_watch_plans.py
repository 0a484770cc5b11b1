"""What is asked once a minute is answered by indices, however many links there are."""

from __future__ import annotations

from crosstie.store import rollups
from crosstie.store.sql_store import SqlStore


def test_what_waits_is_counted_without_walking_through_all_links() -> None:
    store = SqlStore.open("sqlite://")
    with store._reader.connect() as connection:
        asked = str(rollups._standing.compile(dialect=connection.dialect))
        values = tuple("s" for _ in range(asked.count("?")))
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", values)]
    store.close()
    looks = {line for line in plan if line.startswith(("SEARCH link", "SCAN link"))}
    assert {line.split("INDEX ")[1].split()[0] for line in looks} == {"link_due", "link_dead"}
