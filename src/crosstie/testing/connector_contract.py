"""The contract of `ports.collection`, as a test class that every connector runs.

```python
class TestAcmeContacts(ConnectorContract):
    @pytest.fixture
    def person(self): return AcmePerson(FakeAcme())

    @pytest.fixture
    def collection(self, person): return AcmeContacts(http=person.fake)
```

No test names a system. Where systems may differ, the capability says how, and both answers are
asserted: a collection that promises too much or too little fails.
"""

from __future__ import annotations

from crosstie.testing.contract_base import NEVER_ENDS, ODD, Person, Traveller
from crosstie.testing.contract_limits import RefusalContract, WindowContract
from crosstie.testing.contract_news import NewsContract
from crosstie.testing.contract_reads import ReadContract
from crosstie.testing.contract_writes import WriteContract

__all__ = ["NEVER_ENDS", "ODD", "ConnectorContract", "Person", "ReadOnlyContract", "Traveller"]


class ReadOnlyContract(ReadContract, RefusalContract, NewsContract, WindowContract):
    """The same for a collection that only reads, `can.read_only`."""


class ConnectorContract(ReadContract, WriteContract, NewsContract, WindowContract):
    """Subclass it and give it the fixtures `collection` (new, empty, not opened) and `person`."""
