"""`incidentbus topics`: bring a cluster's topics to what the registry and the ruleset ask for, and keep them so."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from connectors.kafka import acl, admin
from connectors.kafka.topicplan import Change, Difference, differences, wanted_topics
from contracts.topics import Topics, TopicSpec
from incidentbus.cli.exits import ExitCode, Misuse, guarded, guarded_async, leave
from incidentbus.cli.rules.folders import ruleset_of
from incidentbus.connecting import connection_of
from incidentbus.settings import Settings, load_settings

app = typer.Typer(
    no_args_is_help=True,
    help="主题 / Topics, from the registry and the ruleset's channels and agencies. Nothing is deleted or shrunk.",
)

RulesetDir = Annotated[
    Path | None,
    typer.Option("--ruleset", help="the ruleset whose channels and agencies count; INCIDENTBUS_RULESET_DIR"),
]
Grow = Annotated[
    bool, typer.Option("--grow", help="also give more partitions to topics that hold records (drain the workers first)")
]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on standard output")]

_WORDS: Final = {
    Change.CREATE: "新建 create",
    Change.PARTITIONS: "分区 partitions",
    Change.CONFIG: "设置 config",
    Change.REPLICATION: "副本 replication",
    Change.OVERRIDE: "多余设置 override",
    Change.STRAY: "不在登记 stray",
}


@app.command()
@guarded_async
async def plan(ruleset: RulesetDir = None, grow: Grow = False, as_json: AsJson = False) -> None:
    """Show what `apply` would change, and what has to be done by hand. Changes nothing; exit code 0."""
    settings = load_settings()
    told = await _differences(settings, ruleset, grow=grow)
    _tell(told, as_json, "没有可改的 / nothing to change")


@app.command()
@guarded_async
async def apply(ruleset: RulesetDir = None, grow: Grow = False, as_json: AsJson = False) -> None:
    """Create what is missing and alter what differs; never delete, never shrink, never move keys away from their state.

    Exit codes: 0 the cluster is as it should be; 1 something is left that has to be done by hand (it is named).

    \b
    incidentbus topics apply
    incidentbus topics apply --ruleset my-county --grow
    """
    settings = load_settings()
    told = await _differences(settings, ruleset, grow=grow)
    done = await admin.apply(connection_of(settings), told)
    left = [each for each in told if each.by_hand]
    if as_json:
        print(json.dumps({"applied": _plain(done), "by_hand": _plain(left)}, ensure_ascii=False))
    else:
        _print(done)
        _print(left)
        created = sum(each.change is Change.CREATE for each in done)
        print(f"新建 {created}，改动 {len(done) - created} / {created} created, {len(done) - created} altered")
    if any(each.drift for each in left):
        leave(ExitCode.FINDINGS)


@app.command()
@guarded_async
async def check(ruleset: RulesetDir = None, as_json: AsJson = False) -> None:
    """Compare a live cluster with the registry. Exit codes: 0 no drift, 1 drift, 3 no cluster there."""
    told = await _differences(load_settings(), ruleset, grow=False)
    _tell(told, as_json, "一致 / no drift")
    if any(each.drift for each in told):
        leave(ExitCode.FINDINGS)


@app.command()
@guarded
def files(
    out: Annotated[Path, typer.Argument(help="the folder to write topics.json and acls.txt to")],
    ruleset: RulesetDir = None,
    check_only: Annotated[
        bool, typer.Option("--check", help="write nothing; exit 1 if the files are not as they should be")
    ] = False,
) -> None:
    """Write the topics and the literal permissions of this deployment as files, for those who create them otherwise.

    Each line of acls.txt holds the arguments of one call of Kafka's own kafka-acls.sh:

        xargs -L1 kafka-acls.sh --bootstrap-server HOST:9092 < acls.txt
    """
    settings = load_settings()
    wrong = []
    for name, text in rendered_files(settings, deployment_specs(settings, ruleset)).items():
        path = out / name
        try:
            if path.exists() and path.read_bytes() == text.encode():
                continue
            wrong.append(str(path))
            if not check_only:
                out.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
        except OSError as error:
            raise Misuse(f"{path}: 读写不了 / can't be read or written: {error.strerror}") from error
    print("\n".join(wrong) if wrong else "一致 / as they should be")
    if wrong and check_only:
        leave(ExitCode.FINDINGS)


def rendered_files(settings: Settings, specs: Iterable[TopicSpec]) -> dict[str, str]:
    """Return file name → content of `deploy/kafka`: every topic with what is known of it, every permission."""
    every, topics = tuple(specs), settings.topics()
    worker_prefix = settings.runtime_prefix
    owners = {kind: {spec.owner for spec in every if _kind(spec, settings) == kind} for kind in ("channel", "agency")}
    grants = [
        *acl.topic_grants(every, settings.topic_prefix),
        *acl.stage_grants(topics, worker_prefix),
        *acl.observer_grants(worker_prefix),
        *acl.operator_grants(every),
        *acl.watch_grants(topics, owners["agency"]),
        *acl.outsider_grants(owners["channel"], owners["agency"], settings.topic_prefix),
    ]
    lines = ",\n".join(json.dumps(_described(spec, topics), ensure_ascii=False) for spec in every)
    return {
        "topics.json": f"[\n{lines}\n]\n",
        "acls.txt": acl.render(grants),
    }


def _described(spec: TopicSpec, topics: Topics) -> dict[str, Any]:
    return {
        "name": spec.name,
        "partitions": topics.partitions_of(spec),
        "configs": spec.configs(),
        "owner": spec.owner,
        "writers": spec.writers,
        "readers": spec.readers,
        "key": spec.key,
        "schema": spec.schema,
        "about": spec.about,
    }


def _kind(spec: TopicSpec, settings: Settings) -> str:
    return spec.name.removeprefix(settings.topic_prefix).split(".", 1)[0]


def deployment_specs(settings: Settings, ruleset: Path | None = None) -> tuple[TopicSpec, ...]:
    """Return every topic of the deployment; raises `Misuse` where the ruleset doesn't load."""
    loaded = ruleset_of(ruleset or settings.ruleset_dir)
    return settings.topics().specs(loaded.channels, loaded.agencies)


async def _differences(settings: Settings, ruleset: Path | None, *, grow: bool) -> list[Difference]:
    wanted = wanted_topics(deployment_specs(settings, ruleset), settings.topics(), settings.replication_factor)
    found = await admin.find_topics(connection_of(settings), settings.topic_prefix)
    return differences(wanted, found, settings.topic_prefix, grow=grow)


def _plain(told: Iterable[Difference]) -> list[dict[str, Any]]:
    return [{**asdict(each), "wanted": None} for each in told]


def _tell(told: list[Difference], as_json: bool, nothing: str) -> None:
    if as_json:
        print(json.dumps({"drift": any(each.drift for each in told), "differences": _plain(told)}, ensure_ascii=False))
    elif told:
        _print(told)
    else:
        print(nothing)


def _print(told: Iterable[Difference]) -> None:
    for each in told:
        change = f"{each.have} → {each.want}" if each.have and each.want else each.want or each.have
        detail = " ".join(part for part in (each.what, change) if part)
        by_hand = f"  【需人工 by hand】{each.by_hand}" if each.by_hand else ""
        print(f"{_WORDS[each.change]:<16} {each.topic}  {detail}{by_hand}")
