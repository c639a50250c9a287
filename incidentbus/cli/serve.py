"""`incidentbus serve`: run workers in the foreground."""

from typing import Annotated

import typer

from incidentbus.cli.exits import Misuse, guarded
from incidentbus.settings import load_settings
from incidentbus.telemetry.logs import configure_logs

app = typer.Typer(
    no_args_is_help=True, help="运行工作进程 / Run a worker in the foreground; SIGTERM or Ctrl-C ends it."
)


@app.callback()
def _serve() -> None:
    """Keep `streams` a word of its own: other things will be served too."""


@app.command()
@guarded
def streams(
    stage: Annotated[str, typer.Option(help="stages to run, comma-separated: intake, dispatch")] = "intake,dispatch",
) -> None:
    """Run stages of the flow. Several processes share their tasks; each may run all stages or one.

    Every setting is an environment variable, INCIDENTBUS_BOOTSTRAP_SERVERS above all; docs/settings.md lists them.
    Its /metrics, /healthz and /readyz listen on INCIDENTBUS_METRICS_PORT.

    \b
    incidentbus serve streams
    incidentbus serve streams --stage intake
    """
    from incidentbus.assembly import STAGES  # late: other commands needn't load the runtime
    from incidentbus.serving import serve

    settings = load_settings()
    wanted = [name.strip() for name in stage.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in STAGES]
    if unknown or not wanted:
        raise Misuse(f"--stage {stage}: 没有这个阶段 / no such stage; {', '.join(STAGES)}")
    configure_logs(settings.log_format, settings.log_level)
    serve(settings, wanted)
