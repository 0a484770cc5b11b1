"""The part of the store contract about log-ins: tokens, who renews them, and answers awaited."""

from __future__ import annotations

from crosstie.ports import Store
from crosstie.ports.credentials import Credential, Sealed
from crosstie.testing.driving import run

NOON = 1_767_268_800.0
FIRST, SECOND = Sealed("k1", "first"), Sealed("k2", "second")


class CredentialContract:
    """Promises about log-ins."""

    def test_tokens_are_replaced_by_whoever_knows_their_version(self, store: Store) -> None:
        assert run(store.credential("one")) is None
        assert run(store.keep_credential("one", FIRST, 0))
        assert run(store.credential("one")) == Credential("one", FIRST, 1)
        for late in (0, 2):
            assert not run(store.keep_credential("one", SECOND, late))
        assert not run(store.keep_credential("other", SECOND, 1))
        assert run(store.keep_credential("one", SECOND, 1))
        assert run(store.keep_credential("other", FIRST, 0))
        kept = [Credential("one", SECOND, 2), Credential("other", FIRST, 1)]
        assert run(store.credentials()) == kept

    def test_another_key_is_no_other_version(self, store: Store) -> None:
        run(store.keep_credential("one", FIRST, 0))
        run(store.begin_renewal("one", 1, "me", NOON, NOON + 10.0))
        assert not run(store.reseal_credential("one", 2, SECOND))
        assert run(store.reseal_credential("one", 1, SECOND))
        resealed = Credential("one", SECOND, 1, began=NOON, until=NOON + 10.0)
        assert run(store.credential("one")) == resealed
        assert run(store.keep_credential("one", FIRST, 1))

    def test_one_alone_asks_for_new_tokens(self, store: Store) -> None:
        assert run(store.begin_renewal("one", 1, "me", NOON, NOON + 10.0)) is None
        run(store.keep_credential("one", FIRST, 0))
        assert run(store.begin_renewal("one", 2, "me", NOON, NOON + 10.0)) is None
        begun = Credential("one", FIRST, 1, began=NOON, until=NOON + 10.0)
        assert run(store.begin_renewal("one", 1, "me", NOON, NOON + 10.0)) == begun
        assert run(store.begin_renewal("one", 1, "you", NOON + 9.9, NOON + 20.0)) is None
        assert run(store.credential("one")) == begun
        longer = run(store.begin_renewal("one", 1, "me", NOON + 5.0, NOON + 15.0))
        assert longer == Credential("one", FIRST, 1, began=NOON, until=NOON + 15.0)
        other = run(store.begin_renewal("one", 1, "you", NOON + 15.0, NOON + 25.0))
        assert other == Credential("one", FIRST, 1, began=NOON, until=NOON + 25.0)
        run(store.end_renewal("one", "me", unused=True))
        assert run(store.credential("one")) == other

    def test_the_note_stays_unless_nothing_was_used_up(self, store: Store) -> None:
        run(store.keep_credential("one", FIRST, 0))
        run(store.begin_renewal("one", 1, "me", NOON, NOON + 10.0))
        run(store.end_renewal("one", "me", unused=False))
        assert run(store.credential("one")) == Credential("one", FIRST, 1, began=NOON)
        run(store.begin_renewal("one", 1, "you", NOON + 1.0, NOON + 11.0))
        run(store.end_renewal("one", "you", unused=True))
        assert run(store.credential("one")) == Credential("one", FIRST, 1)
        run(store.begin_renewal("one", 1, "me", NOON, NOON + 10.0))
        run(store.keep_credential("one", SECOND, 1))
        assert run(store.credential("one")) == Credential("one", SECOND, 2)

    def test_a_refusal_stays_until_other_tokens_come(self, store: Store) -> None:
        assert not run(store.refuse_credential("one", 1, "gone"))
        run(store.keep_credential("one", FIRST, 0))
        run(store.begin_renewal("one", 1, "me", NOON, NOON + 10.0))
        assert not run(store.refuse_credential("one", 2, "gone"))
        assert run(store.refuse_credential("one", 1, "gone"))
        assert run(store.credential("one")) == Credential("one", FIRST, 1, refused="gone")
        assert run(store.begin_renewal("one", 1, "you", NOON, NOON + 10.0)) is None
        run(store.keep_credential("one", SECOND, 1))
        assert run(store.credential("one")) == Credential("one", SECOND, 2)

    def test_a_log_in_is_forgotten(self, store: Store) -> None:
        assert not run(store.drop_credential("one"))
        run(store.keep_credential("one", FIRST, 0))
        assert run(store.drop_credential("one"))
        assert run(store.credentials()) == []
        assert not run(store.keep_credential("one", SECOND, 1))

    def test_an_awaited_answer_is_good_once_and_in_time(self, store: Store) -> None:
        for digest, account in (("a", "one"), ("b", "two"), ("c", "two")):
            run(store.begin_login(digest, account, NOON, NOON + 600.0))
        assert run(store.take_login("unknown", NOON)) is None
        assert run(store.take_login("a", NOON + 599.0)) == "one"
        assert run(store.take_login("a", NOON + 599.0)) is None
        assert run(store.take_login("b", NOON + 600.0)) is None
        run(store.begin_login("d", "one", NOON + 700.0, NOON + 1_300.0))
        assert run(store.take_login("c", NOON)) is None
