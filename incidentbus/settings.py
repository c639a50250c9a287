"""Settings: the only reader of the environment (`INCIDENTBUS_…`, or a `.env` file beside the deployment).

Every field has its line in docs/settings.md; a test keeps it so.
"""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.topics import Topics

Security = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
_REPOSITORY = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """One deployment's settings. Times in seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="INCIDENTBUS_", env_file=".env", extra="forbid", frozen=True)

    bootstrap_servers: str = Field(default="127.0.0.1:9092", description="Kafka's addresses, comma-separated")
    security_protocol: Security = Field(default="PLAINTEXT", description="how Kafka is spoken to")
    sasl_mechanism: Mechanism = Field(default="SCRAM-SHA-512", description="with SASL: how to log in")
    sasl_username: str = Field(default="", description="with SASL: the user")
    sasl_password: SecretStr = Field(default=SecretStr(""), description="with SASL: the password")
    ssl_cafile: Path | None = Field(default=None, description="with SSL: the authority that signed the brokers")
    topic_prefix: str = Field(
        default="", pattern=r"^([a-z0-9]+(-[a-z0-9]+)*\.)?$", description="stands before every topic; ends with a dot"
    )
    partitions: int = Field(default=8, ge=1, le=1000, description="partitions of the spine's topics: tasks a stage has")
    agency_partitions: int = Field(default=1, ge=1, le=100, description="partitions of an agency's assignments")
    feedback_partitions: int = Field(default=1, ge=1, le=100, description="partitions of an agency's feedback")
    replication_factor: int = Field(default=1, ge=1, le=9, description="copies of each partition")
    ruleset_dir: Path = Field(
        default=_REPOSITORY / "routing_rules" / "rulesets" / "hongze", description="the ruleset that topics derive from"
    )
    cache_dir: Path = Field(
        default=Path("~/.cache/incidentbus").expanduser(), description="where the embedded broker's files are kept"
    )
    run_dir: Path = Field(default=Path(".run"), description="data of an embedded broker and of the demo")
    group_prefix: str = Field(
        default="", description="stands before consumer groups and transactional ids; by default the topic prefix"
    )
    session_timeout: float = Field(default=6.0, ge=1, description="after which a silent worker loses its tasks")
    transaction_timeout: float = Field(default=12.0, ge=1, le=900, description="after which the broker aborts a turn")
    records_per_turn: int = Field(default=2000, ge=1, le=20_000, description="at most so many records in one turn")
    static_member: str = Field(default="", description="a name of this worker's own (a pod's), for static membership")
    metrics_host: str = Field(default="127.0.0.1", description="address that /metrics, /healthz and /readyz listen on")
    metrics_port: int = Field(default=9400, ge=0, le=65_535, description="port of the same; 0 takes a free one")
    watch_port: int = Field(default=9401, ge=0, le=65_535, description="the same of `serve watch`; 0 takes a free one")
    watch_interval: float = Field(default=30.0, ge=1, le=3600, description="how often `serve watch` looks")
    readmodel_url: SecretStr = Field(
        default=SecretStr(""),
        description="the read model: `sqlite:///FILE` or `postgresql://…`; by default a file in the run dir",
    )
    readmodel_port: int = Field(
        default=9403,
        ge=0,
        le=65_535,
        description="port of /metrics and the rest of `serve readmodel`; 0 takes a free one",
    )
    surge_port: int = Field(default=9402, ge=0, le=65_535, description="the same of `serve surge`; 0 takes a free one")
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="one JSON line per fact, or readable; auto looks whether a terminal reads"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="least level logged")
    language: Literal["zh", "en"] = Field(default="zh", description="what rule authors and officials read")
    watchdog: float = Field(default=60.0, ge=5, description="a task without progress for so long ends its process")
    fault_points: str = Field(
        default="", description="for fault tests: where a worker is struck: `point:seconds`, `:kill`, `:freeze`"
    )
    fault_clock: Path | None = Field(default=None, description="for fault tests: file with seconds added to the clock")

    @model_validator(mode="after")
    def _sasl_is_complete(self) -> "Settings":
        if self.security_protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password):
            raise ValueError("security_protocol asks for SASL: set sasl_username and sasl_password")
        return self

    def topics(self) -> Topics:
        """Return the names and partition counts of this deployment's topics."""
        return Topics(self.topic_prefix, self.partitions, self.agency_partitions, self.feedback_partitions)

    @property
    def readmodel(self) -> str:
        """Return where the read model is, a URL; it may hold a password."""
        return self.readmodel_url.get_secret_value() or f"sqlite:///{(self.run_dir / 'readmodel.sqlite').absolute()}"

    @property
    def runtime_prefix(self) -> str:
        """Return what stands before consumer groups and transactional ids: `<prefix><stage>`, `<prefix><stage>-<p>`."""
        return self.group_prefix or self.topic_prefix or "incidentbus-"


class UnreadableSettings(Exception):
    """The `.env` file can't be read; the message says why, without a word of it."""


@cache
def load_settings() -> Settings:
    """Read the settings once.

    Raises pydantic's `ValidationError` or `UnreadableSettings`, which the command line turns into exit code 2.
    """
    try:
        return Settings()
    except UnicodeDecodeError as error:
        raise UnreadableSettings(f".env: 不是 UTF-8 / isn't UTF-8, at byte {error.start}") from None
    except OSError as error:
        raise UnreadableSettings(f".env: 读不了 / can't be read: {error.strerror}") from error
