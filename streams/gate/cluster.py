"""Where the broker is and how long things may take: handed in by assembly, read from nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cluster:
    """How to reach the brokers.

    `security` is passed to every aiokafka client as it stands (`security_protocol`, `ssl_context`, `sasl_*`).
    `group_instance_id` makes the membership static; it must be unique among live workers (a pod's name), or None.
    """

    bootstrap: str
    client_id: str = "incidentbus"
    group_instance_id: str | None = None
    security: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Every wait has an end. Milliseconds where Kafka has them so, seconds elsewhere.

    After a `kill -9` a task stalls for about `session_ms` + 2 s; a broker refuses less than its
    `group.min.session.timeout.ms` (6 s unless set). An open transaction blocks `read_committed` readers for at most
    `transaction_ms`. `leave_s` bounds the turn in hand when partitions are revoked or the process is asked to stop,
    and must stay below `rebalance_ms`. `stuck_s` is how long an owned task may make no progress before the process
    ends.
    """

    session_ms: int = 6_000
    heartbeat_ms: int = 1_000
    rebalance_ms: int = 15_000
    transaction_ms: int = 15_000
    transaction_step_s: float = 20.0
    start_s: float = 30.0
    leave_s: float = 2.5
    stop_s: float = 1.0
    poll_ms: int = 250
    fetch_wait_ms: int = 100
    retry_ms: int = 5
    retry_limit_s: float = 5.0
    stuck_s: float = 60.0

    @property
    def request_ms(self) -> int:
        """How long an answer is waited for before the connection is taken for dead and another is made.

        Nothing else tells of a connection that the other side, or a firewall between, has forgotten. A little longer
        than a session, for joining a group may have to wait until a dead member's has ended.
        """
        return self.session_ms + 2_000
