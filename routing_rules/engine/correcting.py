"""Correcting: an incident as an operator put it right before it is decided anew (G33, `correct` of a test) or amended.

What a person says of the place or the category stands as if the channel had said it, and what spoke for the old value
is taken out: a rule that asks how the place became known must not go on believing that nobody knows.
"""

from typing import Any, Final

from contracts.codes import ClassifiedBy, LocatedBy
from contracts.directive import Correction
from contracts.incident import Incident

_KNOWN_BY: Final[dict[str, dict[str, Any]]] = {
    "jurisdiction": {"located_by": LocatedBy.CHANNEL},
    "category": {"classified_by": ClassifiedBy.CHANNEL},
}
_GROUNDS: Final = {"jurisdiction": "place", "category": "category", "kind": "kind", "about": "about"}


def amended(incident: Incident, correction: Correction | None) -> Incident:
    """Return the incident as an amendment leaves it: corrected, but tags are added to those there are (G15)."""
    fixed = corrected(incident, correction)
    if correction is None or correction.tags is None:
        return fixed
    return fixed.model_copy(update={"tags": tuple(dict.fromkeys((*incident.tags, *correction.tags)))})


def corrected(incident: Incident, correction: Correction | None) -> Incident:
    """Return the incident with what the correction gives; absent fields stay. A point moves nothing else."""
    if correction is None:
        return incident
    changes = {name: value for name in correction.model_fields_set if (value := getattr(correction, name)) is not None}
    point = changes.pop("point", None)
    gone = {_GROUNDS[name] for name in changes if name in _GROUNDS}
    for name in tuple(changes):
        changes |= _KNOWN_BY.get(name, {})
    if gone:
        changes["evidence"] = tuple(ground for ground in incident.evidence if ground.of not in gone)
    if point is not None:
        changes["report"] = incident.report.model_copy(update={"point": point})
    return incident.model_copy(update=changes)
