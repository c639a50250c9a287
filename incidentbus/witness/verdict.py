"""The verdict over what was published and what arrived."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from incidentbus.witness.ledger import Ledger
from incidentbus.witness.reading import Seen


class Key(NamedTuple):
    """By what assignments are counted: never by an id of the bus's own making."""

    channel: str
    external_id: str
    agency: str
    round: int
    role: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the witness found, each finding as a sentence.

    `lost`: matters without a lead, unreadable records without a dead letter, and assignments that a decision names and
    no agency has. `duplicates`: assignments beyond the first of their key, a second agency that leads the same round,
    dead letters beyond the first of their record. `disordered`: an agency that saw a later round of a case before an
    earlier one, decisions of a case out of the order of their rounds. `strangers`: assignments of matters that nobody
    published. `orphans`: a decision without one of its assignments, an assignment without a decision that gave it, a
    round decided twice.
    """

    matters: int
    assignments: int
    dead_letters: int
    lost: tuple[str, ...]
    duplicates: tuple[str, ...]
    disordered: tuple[str, ...]
    strangers: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether every promise held."""
        return not (self.lost or self.duplicates or self.disordered or self.strangers or self.orphans)


def judge(ledger: Ledger, assignments: Sequence[Seen], decisions: Sequence[Seen], dead: Sequence[Seen]) -> Verdict:
    """Judge one run. `assignments`, `decisions` and `dead` are every record of those topics, committed ones alone."""
    arrived = [_key(seen) for seen in assignments]
    places = [_place(seen) for seen in dead]
    matters = ledger.matters()
    led = {(key.channel, key.external_id) for key in arrived if key.role == "lead" and key.round == 1}
    lost = [f"{channel} {external_id}: no lead" for channel, external_id in sorted(matters - led)]
    lost += [f"{'/'.join(map(str, place))}: no dead letter" for place in sorted(ledger.unreadable() - set(places))]
    lost += _unfulfilled(assignments, decisions, led)
    known = {key for key in arrived if (key.channel, key.external_id) in matters}
    return Verdict(
        matters=len(matters),
        assignments=len(arrived),
        dead_letters=len(dead),
        lost=tuple(lost),
        duplicates=(*_more_than_one(arrived), *_second_leads(arrived), *_more_than_one(places)),
        disordered=(*_disordered(arrived), *_rounds_disordered(decisions)),
        strangers=tuple(map(_told, sorted(set(arrived) - known))),
        orphans=tuple(_orphans(assignments, decisions)),
    )


def _orphans(assignments: Sequence[Seen], decisions: Sequence[Seen]) -> Iterable[str]:
    """Name what stands on one side alone, whichever it is."""
    have = {(b["incident"], b["round"], b["agency"], b["role"]) for b in map(_body, assignments)}
    decided: Counter[tuple[str, int]] = Counter()
    given: set[tuple[str, int, str, str]] = set()
    for decision in map(_body, decisions):
        if "roles" not in decision:
            continue  # a directive that was acted on or passed on
        decided[decision["incident"], decision["round"]] += 1
        given |= {(decision["incident"], decision["round"], r["agency"], r["role"]) for r in decision["roles"]}
    yield from (f"{_told(each)}: decided, and no assignment" for each in sorted(given - have))
    yield from (f"{_told(each)}: assigned, and no decision" for each in sorted(have - given))
    yield from (f"{_told(each)}: decided {count} times" for each, count in sorted(decided.items()) if count > 1)


def _rounds_disordered(decisions: Iterable[Seen]) -> Iterable[str]:
    latest: dict[str, int] = {}
    for decision in map(_body, decisions):
        if "roles" in decision:
            incident, round_ = decision["incident"], decision["round"]
            if round_ < latest.get(incident, 0):
                yield f"{incident}: round {round_} decided after round {latest[incident]}"
            latest[incident] = max(round_, latest.get(incident, 0))


def _more_than_one(seen: Sequence[tuple[object, ...]]) -> Iterable[str]:
    for key, count in sorted(Counter(seen).items(), key=str):
        yield from [_told(key)] * (count - 1)


def _second_leads(arrived: Iterable[Key]) -> Iterable[str]:
    leads: dict[tuple[str, str, int], set[str]] = {}
    for key in arrived:
        if key.role == "lead":
            leads.setdefault((key.channel, key.external_id, key.round), set()).add(key.agency)
    for case, agencies in sorted(leads.items()):
        yield from (f"{_told(case)}: {agency} leads too" for agency in sorted(agencies)[1:])


def _told(key: Iterable[object]) -> str:
    return " ".join(map(str, key))


def _unfulfilled(assignments: Sequence[Seen], decisions: Sequence[Seen], led: set[tuple[str, str]]) -> Iterable[str]:
    """Name what decisions gave and no agency has; a missing lead of round 1 was named already."""
    bodies = [_body(seen) for seen in assignments]
    have = {(b["incident"], b["agency"], b["round"], b["role"]) for b in bodies}
    known = {b["incident"] for b in bodies if (b["channel"], b["external_id"]) in led}
    for decision in map(_body, decisions):
        for role in decision.get("roles", ()):
            key = (decision["incident"], role["agency"], decision["round"], role["role"])
            named = key[2] == 1 and key[3] == "lead" and key[0] not in known
            if key not in have and not named:
                yield f"{key[0]} round {key[2]}: {key[1]} was given {key[3]} and has nothing"


def _disordered(arrived: Iterable[Key]) -> Iterable[str]:
    latest: dict[tuple[str, str, str], int] = {}
    for key in arrived:
        case = (key.agency, key.channel, key.external_id)
        if key.round < latest.get(case, 0):
            yield _told(key)
        latest[case] = max(key.round, latest.get(case, 0))


def _key(seen: Seen) -> Key:
    body = _body(seen)
    agency = seen.topic.rsplit(".", 3)[1]  # whose topic it is, not whom the body names
    if agency != body["agency"]:
        raise ValueError(f"{seen.topic} holds an assignment of {body['agency']}")
    return Key(body["channel"], body["external_id"], agency, body["round"], body["role"])


def _body(seen: Seen) -> dict[str, Any]:
    body = orjson.loads(seen.value or b"null")
    if not isinstance(body, dict):
        raise TypeError(f"{seen.topic}/{seen.partition}/{seen.offset} holds no object")
    return body


def _place(seen: Seen) -> tuple[str, int, int]:
    told = seen.headers
    origin = told.get("incidentbus_origin")
    if origin is not None:  # passed on to another partition before it was refused
        topic, partition, offset = origin.decode().rsplit("/", 2)
        return topic, int(partition), int(offset)
    return told["dlq_topic"].decode(), int(told["dlq_partition"]), int(told["dlq_offset"])
