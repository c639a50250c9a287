"""`incidentbus serve`: run workers in the foreground."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import structlog
import typer

from incidentbus.cli.exits import Misuse, guarded, is_unreachable
from incidentbus.settings import load_settings
from incidentbus.telemetry.logs import configure_logs

app = typer.Typer(
    no_args_is_help=True, help="运行工作进程 / Run a worker in the foreground; SIGTERM or Ctrl-C ends it."
)


@contextmanager
def _crash_only() -> Iterator[None]:
    """End with the exit code of a crash where a worker crashed; who can't start or reach a broker says so himself."""
    from incidentbus.assembly import CRASHED  # late: other commands needn't load the runtime
    from incidentbus.serving import NotStarted

    try:
        yield
    except NotStarted:
        raise
    except Exception as error:
        if is_unreachable(error):
            raise
        structlog.get_logger("worker").critical("worker crashed", exc_info=error)  # type and place, never a message
        raise typer.Exit(CRASHED) from error


@app.command()
@guarded
def streams(
    stage: Annotated[
        str, typer.Option(help="stages to run, comma-separated: intake, dispatch, feedback, supervise")
    ] = "intake,dispatch,feedback,supervise",
) -> None:
    """Run stages of the flow. Several processes share their tasks; each may run all stages or one.

    Every setting is an environment variable, INCIDENTBUS_BOOTSTRAP_SERVERS above all; docs/settings.md lists them.
    Its /metrics, /healthz and /readyz listen on INCIDENTBUS_METRICS_PORT. Exit codes: 0 told to stop; 2 it can't run as
    it is set or on topics as they are; 3 no broker answers; 70 crashed, to be started anew.

    \b
    incidentbus serve streams
    incidentbus serve streams --stage intake
    """
    from incidentbus.assembly import STAGES  # late: other commands needn't load the runtime
    from incidentbus.serving import NotStarted, serve

    settings = load_settings()
    wanted = [name.strip() for name in stage.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in STAGES]
    if unknown or not wanted:
        raise Misuse(f"--stage {stage}: 没有这个阶段 / no such stage; {', '.join(STAGES)}")
    configure_logs(settings.log_format, settings.log_level)
    try:
        with _crash_only():
            serve(settings, wanted)
    except NotStarted as error:
        cure = "；主题的分区数要等于 / must be as many as INCIDENTBUS_PARTITIONS" if "partitions" in str(error) else ""
        raise Misuse(f"没法开工 / can't start: {error}{cure}") from error


@app.command()
@guarded
def watch() -> None:
    """Look at each agency's lag and ask `doctor`'s questions again and again, and tell both to Prometheus.

    One process for a deployment; it decides nothing and holds nothing. It looks every INCIDENTBUS_WATCH_INTERVAL
    seconds, and at everything that `doctor` asks each tenth time. Its /metrics, /healthz and /readyz listen on
    INCIDENTBUS_WATCH_PORT. While no broker answers it goes on asking. Exit codes: 0 told to stop; 2 it can't run as it
    is set.

    \b
    incidentbus serve watch
    """
    from incidentbus.watching import NotWatching  # late: it loads the engine
    from incidentbus.watching import watch as run

    settings = load_settings()
    configure_logs(settings.log_format, settings.log_level)
    try:
        run(settings)
    except NotWatching as error:
        raise Misuse(f"没法开工 / can't start: {error}") from error


@app.command()
@guarded
def surge() -> None:
    """Watch for surges: far more of a kind in one town, within the hour, than its own history knows.

    It advises, by facts on bus.surges.v1 and an amendment for each case concerned, and decides nothing: without it
    cases go their way. A process of its own; several share the work. Its /metrics, /healthz and /readyz listen on
    INCIDENTBUS_SURGE_PORT. Exit codes: 0 told to stop; 2 it can't run as it is set or on topics as they are; 3 no
    broker answers; 70 crashed, to be started anew.

    \b
    incidentbus serve surge
    """
    from incidentbus.serving import NotStarted  # late: other commands needn't load the runtime
    from incidentbus.surging import serve_surge

    settings = load_settings()
    configure_logs(settings.log_format, settings.log_level)
    try:
        with _crash_only():
            serve_surge(settings)
    except NotStarted as error:
        raise Misuse(f"没法开工 / can't start: {error}") from error


@app.command()
@guarded
def readmodel() -> None:
    """跟读 / Follow the topics into the read model, so that `cases` and whoever asks in SQL see what is now.

    One process for a deployment; a second one does no harm. The database is INCIDENTBUS_READMODEL_URL, its /metrics,
    /healthz and /readyz listen on INCIDENTBUS_READMODEL_PORT. Exit codes: 0 told to stop; 2 it can't run as it is set;
    3 no broker answers at the start. While one is away later on, it goes on asking.

    \b
    incidentbus serve readmodel
    """
    from incidentbus.readmodel.serving import serve_readmodel  # late: it loads SQLAlchemy
    from incidentbus.readmodel.store import ReadModelUnfit

    settings = load_settings()
    configure_logs(settings.log_format, settings.log_level)
    try:
        serve_readmodel(settings)
    except ReadModelUnfit as error:
        raise Misuse(f"没法开工 / can't start: {error}") from error
