"""The verdict over what was published and what arrived."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from incidentbus.witness.decided import Decided, Part, read_decided
from incidentbus.witness.decided import body_of as _body
from incidentbus.witness.ledger import Ledger
from incidentbus.witness.reading import Seen

NOTICE: Final = b"incidentbus.assignment-notice.v1"


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
    a release or a notice told twice, dead letters beyond the first of their record. `disordered`: an agency that saw a
    later round of a case before an earlier one, or a notice before the assignment it speaks of; decisions of a case
    out of the order of their rounds. `strangers`: assignments of matters that nobody published. `orphans`: a decision
    without one of its assignments, an assignment without a decision that gave it, a round decided twice that was not
    amended, an amendment that moved the lead, a notice of an assignment that nobody has.
    A hold excuses an assignment that has not come, while it stands, and then it must not have come before its release;
    what waits after the hold is lost, unless its case was decided anew since or is over.
    """

    matters: int
    assignments: int
    dead_letters: int
    lost: tuple[str, ...]
    duplicates: tuple[str, ...]
    disordered: tuple[str, ...]
    strangers: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    notices: int = 0

    @property
    def clean(self) -> bool:
        """Whether every promise held."""
        return not (self.lost or self.duplicates or self.disordered or self.strangers or self.orphans)


def judge(ledger: Ledger, assignments: Sequence[Seen], decisions: Sequence[Seen], dead: Sequence[Seen]) -> Verdict:
    """Judge one run. `assignments`, `decisions` and `dead` are every record of those topics, committed ones alone."""
    told = [seen for seen in assignments if is_notice(seen)]
    assigned = [seen for seen in assignments if not is_notice(seen)]
    decided = read_decided(decisions)
    arrived = [_key(seen) for seen in assigned]
    places = [_place(seen) for seen in dead]
    matters = ledger.matters()
    led = {(key.channel, key.external_id) for key in arrived if key.role == "lead" and key.round == 1}
    lost = [
        f"{channel} {external_id}: no lead" for channel, external_id in sorted(matters - led - decided.waiting_leads)
    ]
    lost += [f"{'/'.join(map(str, place))}: no dead letter" for place in sorted(ledger.unreadable() - set(places))]
    lost += [*_unfulfilled(assigned, decided, led), *decided.forgotten]
    known = {key for key in arrived if (key.channel, key.external_id) in matters}
    return Verdict(
        matters=len(matters),
        assignments=len(arrived),
        dead_letters=len(dead),
        lost=tuple(lost),
        duplicates=(
            *_more_than_one(arrived), *_second_leads(arrived), *_more_than_one(decided.releases),
            *_more_than_one([(seen.topic, _body(seen)["id"]) for seen in told]), *_more_than_one(places),
        ),
        disordered=(*_disordered(arrived), *decided.disordered, *_too_soon(assignments)),
        strangers=tuple(map(_told, sorted(set(arrived) - known))),
        orphans=(*_orphans(assigned, decided), *decided.faults, *_baseless(told, assigned)),
        notices=len(told),
    )  # fmt: skip


def is_notice(seen: Seen) -> bool:
    """Say whether a record of an agency's topic is a notice and no assignment."""
    return seen.headers.get("ce_type") == NOTICE


def _part(body: dict[str, Any]) -> Part:
    return Part(body["incident"], body["round"], body["agency"], body["role"])


def _orphans(assigned: Sequence[Seen], decided: Decided) -> Iterable[str]:
    """Name what stands on one side alone, whichever it is."""
    have = {_part(_body(seen)) for seen in assigned}
    yield from (f"{_told(each)}: decided, and no assignment" for each in sorted(decided.given - decided.waiting - have))
    yield from (f"{_told(each)}: assigned, and no decision" for each in sorted(have - decided.given))
    yield from (f"{_told(each)}: held, not released, and assigned" for each in sorted(have & decided.waiting))


def _baseless(told: Sequence[Seen], assigned: Sequence[Seen]) -> Iterable[str]:
    """Name notices of an assignment that nobody has: the agency's own, or, where it only watches, of who works."""
    ids = {(body["incident"], body["round"], body["id"]): body for body in map(_body, assigned)}
    for seen in told:
        body = _body(seen)
        of = ids.get((body["incident"], body["round"], body["assignment"]))
        own = of is not None and (of["agency"], of["role"]) == (body["agency"], body["role"])
        works = of is not None and of["role"] != "informed"
        above = works and (body["role"], body["notice"]) == ("informed", "escalate")
        if not own and not above:
            yield f"{seen.topic}: {body['notice']} of an assignment that it has not, {body['incident']}"


def _too_soon(records: Sequence[Seen]) -> Iterable[str]:
    """Name notices that stand before the assignment that they speak of; those of another's are not on this topic."""
    places = {(each.topic, _body(each)["id"]): (each.partition, each.offset) for each in records if not is_notice(each)}
    for seen in records:
        if is_notice(seen):
            at = places.get((seen.topic, _body(seen)["assignment"]))
            if at is not None and (at[0] != seen.partition or at[1] > seen.offset):
                yield f"{seen.topic}/{seen.partition}/{seen.offset}: a notice before its assignment"


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


def _unfulfilled(assigned: Sequence[Seen], decided: Decided, led: set[tuple[str, str]]) -> Iterable[str]:
    """Name what decisions gave and no agency has; a missing lead of round 1 was named already, what is held waits."""
    bodies = [_body(seen) for seen in assigned]
    have = {_part(body) for body in bodies}
    known = {b["incident"] for b in bodies if (b["channel"], b["external_id"]) in led}
    for part in sorted(decided.given - decided.waiting - have):
        if part.round != 1 or part.role != "lead" or part.incident in known:
            yield f"{part.incident} round {part.round}: {part.agency} was given {part.role} and has nothing"


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


def _place(seen: Seen) -> tuple[str, int, int]:
    told = seen.headers
    origin = told.get("incidentbus_origin")
    if origin is not None:  # passed on to another partition before it was refused
        topic, partition, offset = origin.decode().rsplit("/", 2)
        return topic, int(partition), int(offset)
    return told["dlq_topic"].decode(), int(told["dlq_partition"]), int(told["dlq_offset"])
