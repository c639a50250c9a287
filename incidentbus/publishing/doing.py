"""Proposing, approving, shadowing, promoting, taking back: each one act in the book, with the pointer where it moves.

`publish` of the package is how the house's own scripts put a ruleset in force; this is how people do, who must have
seen what changes and, where the ruleset says so, be two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors.kafka.clients import Connection
from contracts.ruleset import RulesetBundle
from contracts.rulesetact import Act, DropReason, Effect, RulesetAct, Stage
from contracts.topics import Topics
from incidentbus.publishing import Author, Publication, bundled, checked, ensure_topics
from incidentbus.publishing.book import Writing, bundle_of, writing
from incidentbus.publishing.effect import effect_of
from routing_rules.engine.schema import Ruleset
from streams.rulesets import RefusedRuleset, open_bundle

Agree = Callable[[Effect, str], str]
"""Shown what changes and the digest that it comes to; returns how it was seen, or raises `Refused`."""


class Refused(Exception):
    """What was asked isn't done; the message says why, Chinese first."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which deployment: how to reach it, its topics and how often they are kept."""

    connection: Connection
    topics: Topics
    replication: int


@dataclass(frozen=True, slots=True)
class _Kept:
    ruleset: Ruleset | None = None
    files: dict[str, bytes] | None = None


async def publish_as(
    directory: Path, place: Place, stage: Stage, author: Author, agree: Agree, now: datetime
) -> Publication:
    """Check the ruleset in `directory` and put it in shadow, live, or before a second person who must approve.

    Raises `NotPublished`, `Refused`, or aiokafka's errors.
    """
    files, ruleset = checked(directory)
    raw = bundled(ruleset, files, author, now)
    new = await ensure_topics(place.connection, place.topics, ruleset, place.replication)
    async with writing(place.connection, place.topics) as book:
        act = await _to_stage(book, ruleset, files, stage, author, agree, now)
        at = (now, author.by) if act.act is Act.LIVE else None
        await book.write(act, raw, at)
    return Publication(ruleset.id, ruleset.version, ruleset.hash, new, len(raw), act)


async def _to_stage(
    writer: Writing, ruleset: Ruleset, files: dict[str, bytes], stage: Stage, author: Author, agree: Agree,
    now: datetime,
) -> RulesetAct:  # fmt: skip
    live = await _in_force(writer)
    effect = effect_of(ruleset, files, live.ruleset, live.files or {})
    kind = Act.SHADOW if stage is Stage.SHADOW else Act.LIVE
    seen = "shadow"
    if kind is Act.LIVE:
        first = not writer.book.in_force
        seen = "first" if first else agree(effect, ruleset.hash)
        two = ruleset.two_person or (live.ruleset is not None and live.ruleset.two_person)
        if two and not first:
            kind = Act.LIVE if _two(author.by, author.approved_by) else Act.PROPOSED
    elif not writer.book.in_force:
        raise Refused("还没有规则集在用，没有可比的 / nothing is in force that a shadow could be compared with")
    return RulesetAct(
        act=kind, ruleset=ruleset.id, version=ruleset.version, hash=ruleset.hash, at=now, by=author.by,
        reason=author.reason, approved_by=author.approved_by, before=writer.book.in_force, effect=effect, seen=seen,
    )  # fmt: skip


def _two(by: str, approved_by: str) -> bool:
    if not approved_by:
        return False
    if by.strip().casefold() == approved_by.strip().casefold():
        raise Refused(f"提出的和批准的是同一人：{by} / the same person can't propose and approve")
    return True


async def _in_force(writer: Writing) -> _Kept:
    if not writer.book.in_force:
        return _Kept()
    bundle = await bundle_of(writer.connection, writer.topics, writer.book.in_force)
    return _Kept() if bundle is None else _kept(bundle)


def _kept(bundle: RulesetBundle) -> _Kept:
    try:
        return _Kept(open_bundle(bundle).compiled.ruleset, bundle.files())
    except (RefusedRuleset, ValueError):
        return _Kept()


async def approve(place: Place, digest: str, author: Author, now: datetime) -> RulesetAct:
    """Put in force what another person proposed. Raises `Refused` where it isn't there, is stale, or they are one."""
    async with writing(place.connection, place.topics) as writer:
        proposed = _one_of(list(writer.book.standing.proposed.values()), digest)
        _two(proposed.by, author.by)
        if proposed.before != writer.book.in_force:
            raise Refused("提出之后已换过在用的规则集，请重新提出 / another ruleset went live since: propose it again")
        act = proposed.model_copy(update={"act": Act.LIVE, "at": now, "approved_by": author.by})
        await _able(writer, act)
        await writer.write(act, pointer_at=(now, proposed.by))
    return act


async def promote(place: Place, author: Author, now: datetime) -> RulesetAct:
    """Put in force what is in shadow, as it was stored there; where two persons are asked for, it is proposed."""
    async with writing(place.connection, place.topics) as writer:
        shadow = _in_shadow(writer)
        bundle = await _able(writer, shadow)
        opened = _kept(bundle)
        if opened.ruleset is None or opened.files is None:
            raise Refused("影子规则集读不进来 / the ruleset in shadow doesn't load")
        act = await _to_stage(
            writer, opened.ruleset, opened.files, Stage.LIVE, author, lambda _effect, _digest: "shadow", now
        )
        await writer.write(act, pointer_at=(now, author.by) if act.act is Act.LIVE else None)
    return act


async def drop_shadow(place: Place, author: Author, now: datetime) -> RulesetAct:
    """Take the ruleset in shadow away from every worker."""
    async with writing(place.connection, place.topics) as writer:
        shadow = _in_shadow(writer)
        act = shadow.model_copy(
            update={"act": Act.DROPPED, "at": now, "by": author.by, "because": DropReason.ASKED,
                    "reason": author.reason, "effect": None}
        )  # fmt: skip
        await writer.write(act)
    return act


async def roll_back(place: Place, author: Author, now: datetime, to: str | None = None) -> RulesetAct:
    """Point at the version that was live before, or at one named by its digest. One person is enough: it is urgent.

    Raises `Refused` where there is none, or what is named was never live.
    """
    async with writing(place.connection, place.topics) as writer:
        book = writer.book
        if to is None:
            found = book.standing.previous(book.in_force)
            if found is None:
                raise Refused("没有更早的版本可以退回 / there is no earlier version to go back to")
        else:
            found = _one_of([act for act in book.acts if act.act in (Act.LIVE, Act.ROLLED_BACK)], to)
        if found.hash == book.in_force:
            raise Refused("它正在用 / it is in force already")
        bundle = await _able(writer, found)
        act = RulesetAct(
            act=Act.ROLLED_BACK, ruleset=bundle.id, version=bundle.version, hash=found.hash, at=now, by=author.by,
            reason=author.reason, before=book.in_force, seen="rollback",
        )  # fmt: skip
        await writer.write(act, pointer_at=(now, author.by))
    return act


def _in_shadow(writer: Writing) -> RulesetAct:
    """Return the act that put a ruleset in shadow. Raises `Refused` where none is."""
    standing = writer.book.standing
    if standing.shadow is not None:
        return standing.shadow
    if standing.dropped is None:
        raise Refused("没有影子规则集 / no ruleset is in shadow")
    raise Refused(
        f"影子规则集已撤下：{standing.dropped.because} {standing.dropped.detail} / the ruleset in shadow was dropped"
    )


def _one_of(acts: list[RulesetAct], digest: str) -> RulesetAct:
    found = {act.hash: act for act in acts if act.hash.startswith(digest)}
    if len(found) == 1 and len(digest) >= 6:
        return next(iter(found.values()))
    known = "，".join(f"{act.hash[:12]} {act.version}" for act in {act.hash: act for act in acts}.values())
    raise Refused(f"{digest[:64]!r} 对不上；有 / doesn't name one of: {known or '无 / none'}")


async def _able(writer: Writing, act: RulesetAct) -> RulesetBundle:
    bundle = await bundle_of(writer.connection, writer.topics, act.hash)
    if bundle is None:
        raise Refused(f"{act.hash[:12]} 的内容不在主题上 / its content is not on the topic of rulesets")
    return bundle
