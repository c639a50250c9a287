"""What the embedded broker is told: one KRaft node on loopback, small internal topics, nothing created by accident."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NODE_ID: Final = "1"

_FIXED: Final[Mapping[str, str]] = {
    "process.roles": "broker,controller",
    "node.id": NODE_ID,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    # a topic exists because the registry says so, never because somebody misspelt one
    "auto.create.topics.enable": "false",
    "num.partitions": "1",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    # one node: internal topics cannot be replicated; few partitions make a quicker start
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "4",
    # an abandoned transaction blocks every read_committed reader until the broker looks (default: every 10 s)
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    # the default of 6 s makes a takeover after a kill no quicker than that
    "group.min.session.timeout.ms": "1000",
    "group.initial.rebalance.delay.ms": "0",
    "group.coordinator.rebalance.protocols": "classic,consumer",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "num.recovery.threads.per.data.dir": "2",
    "log.retention.check.interval.ms": "30000",
    "log.cleaner.dedupe.buffer.size": "8388608",
    "log.cleaner.threads": "1",
    # after a kill the node may not come back before its old session has ended (default: 9 s)
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "controller.quorum.election.timeout.ms": "300",
    "controller.quorum.fetch.timeout.ms": "1000",
}

_LOGGING: Final = """\
status = warn
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = ${{sys:kafka.logs.dir}}/broker.log
appender.file.filePattern = ${{sys:kafka.logs.dir}}/broker.%i.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{ISO8601}} %-5p %c{{1}}: %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 5
# each start prints its whole configuration four times, and every metadata record as it is replayed
logger.config.name = org.apache.kafka.common.config.AbstractConfig
logger.config.level = warn
logger.controller.name = org.apache.kafka.controller
logger.controller.level = warn
logger.image.name = org.apache.kafka.image
logger.image.level = warn
rootLogger.level = {level}
rootLogger.appenderRef.file.ref = file
"""


@dataclass(frozen=True, slots=True)
class Listener:
    """One more way into the broker, plain and on loopback. `name` is in capitals.

    Clients that come in by it are sent to port `advertised`: another than `port` where something stands in between.
    """

    name: str
    port: int
    advertised: int


def cluster_id_for(directory: Path) -> str:
    """Return a cluster id that is always the same for the same directory (22 characters, as Kafka wants it)."""
    digest = hashlib.sha256(str(directory).encode()).digest()[:15]
    return "I" + base64.urlsafe_b64encode(b"\0" + digest).decode().rstrip("=")[1:]


def properties(
    directory: Path,
    port: int,
    controller_port: int,
    overrides: Mapping[str, str] | None = None,
    more: Sequence[Listener] = (),
) -> dict[str, str]:
    """Return the broker's properties; `overrides` win over everything, `more` are further listeners."""
    protocols = [_FIXED["listener.security.protocol.map"], *(f"{each.name}:PLAINTEXT" for each in more)]
    listeners = [f"PLAINTEXT://127.0.0.1:{port}", *(f"{each.name}://127.0.0.1:{each.port}" for each in more)]
    advertised = [f"PLAINTEXT://127.0.0.1:{port}", *(f"{each.name}://127.0.0.1:{each.advertised}" for each in more)]
    return {
        **_FIXED,
        "listener.security.protocol.map": ",".join(protocols),
        "listeners": ",".join([*listeners, f"CONTROLLER://127.0.0.1:{controller_port}"]),
        "advertised.listeners": ",".join(advertised),
        "controller.quorum.voters": f"{NODE_ID}@127.0.0.1:{controller_port}",
        "log.dirs": str(directory / "data"),
        **(overrides or {}),
    }


def controller_properties(directory: Path, controller_port: int, session_ms: int) -> dict[str, str]:
    """Return the properties of the same node as a controller alone, which fences a silent broker after `session_ms`."""
    timeouts = {name: value for name, value in _FIXED.items() if name.startswith("controller.quorum.")}
    return {
        "process.roles": "controller",
        "node.id": NODE_ID,
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT",
        "listeners": f"CONTROLLER://127.0.0.1:{controller_port}",
        "controller.quorum.voters": f"{NODE_ID}@127.0.0.1:{controller_port}",
        "log.dirs": str(directory / "data"),
        "broker.session.timeout.ms": str(session_ms),
        "broker.heartbeat.interval.ms": str(session_ms // 3),
        **timeouts,
    }


def render(values: Mapping[str, str]) -> str:
    """Write properties as Java reads them: Latin-1, anything else escaped, a backslash doubled."""
    return "".join(f"{key}={_escaped(value)}\n" for key, value in values.items())


def _escaped(value: str) -> str:
    units = value.replace("\\", "\\\\").encode("utf-16-be")
    codes = (int.from_bytes(units[i : i + 2]) for i in range(0, len(units), 2))
    return "".join(chr(code) if code < 0x7F else f"\\u{code:04x}" for code in codes)


def logging_properties(level: str = "info") -> str:
    """Return the broker's log4j2 configuration: files of 10 MB, five kept."""
    return _LOGGING.format(level=level)


def logging_of_a_controller(name: str) -> str:
    """Return the log4j2 configuration of a controller alone: what it does to brokers, into the file `name`."""
    lines = _LOGGING.format(level="warn").replace("broker.log", name)
    return lines.replace("logger.controller.level = warn", "logger.controller.level = info")
