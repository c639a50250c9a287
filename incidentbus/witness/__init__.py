"""The witness: an independent count of what was lost and what came twice. It shares no code with `streams`.

It knows the external ids that were published, reads the agencies' topics `read_committed` as JSON, and counts by
(channel, external id, agency, round, role), never by an id of ours. Nothing of the bus's own models may enter here:
what would deceive them both would go unseen.
"""

from incidentbus.witness.ledger import Ledger, Published
from incidentbus.witness.reading import TopicReader
from incidentbus.witness.verdict import Verdict, judge

__all__ = ["Ledger", "Published", "TopicReader", "Verdict", "judge"]
