"""The agencies' SDK: take assignments each once and in order, tell facts that count once, lose nothing.

    async with AgencyClient.connect(agency="urban", bootstrap=..., store=Path("taken.db")) as client:
        async for assignment in client.assignments():
            ...                                                    # the agency's own work
            await client.tell(facts.acknowledged(assignment, at=...))

`client.messages()` brings notices too (reminded, supervised, granted time, withdrawn), each behind the assignment that
it speaks of; `client.assignments()` passes them over.

Asking for the next assignment says that the last one is handled: its id is remembered and its offset committed then,
not before. An error, a cancellation, Ctrl-C or a crash leaves it unhandled, and it comes again.

**Where exactly-once ends.** The bus writes each assignment once, in a transaction; this SDK reads committed records
only and knows a second delivery by its id. What it can't know is what the agency's own work has done: if the process
dies after the work and before the id is remembered, the assignment comes again and the work is done a second time.
Work that can't bear this keeps the assignment's id in its own database, unique, in the same transaction as the work.
The id is remembered within the horizon only, and only by the store that was told: two machines that share a group
and no store may each handle one when a rebalance falls between. Feedback may be written twice and counts once: its id
comes from what it says.

What may not enter: rules, stages, channels, the environment, the clock.
"""

from connectors.agencies.client.agencyclient import AgencyClient
from connectors.agencies.client.blocking import BlockingClient, connect_blocking
from connectors.agencies.client.horizon import Horizon, InMemory
from connectors.agencies.client.letters import Letter, NowhereToPut, Store, TooManySetAside
from connectors.agencies.client.localstore import SqliteStore
from connectors.agencies.client.reading import Message
from connectors.agencies.client.retrying import Retry
from connectors.agencies.client.taking import Counts

__all__ = [
    "AgencyClient",
    "BlockingClient",
    "Counts",
    "Horizon",
    "InMemory",
    "Letter",
    "Message",
    "NowhereToPut",
    "Retry",
    "SqliteStore",
    "Store",
    "TooManySetAside",
    "connect_blocking",
]
