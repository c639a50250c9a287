"""`incidentbus rules`: the verbs of those who write, check and publish rules: one file each, the work in `tools`."""

import typer

from incidentbus.cli.rules import calendar, new, shadow
from incidentbus.cli.rules.approve import approve
from incidentbus.cli.rules.cases import run_cases
from incidentbus.cli.rules.diff import diff
from incidentbus.cli.rules.editor import editor
from incidentbus.cli.rules.excel import export_excel, import_excel
from incidentbus.cli.rules.explain import explain
from incidentbus.cli.rules.fields import fields
from incidentbus.cli.rules.fmt import fmt
from incidentbus.cli.rules.lint import lint
from incidentbus.cli.rules.log import log
from incidentbus.cli.rules.publish import publish
from incidentbus.cli.rules.replay import replay
from incidentbus.cli.rules.rollback import rollback
from incidentbus.cli.rules.route import route
from incidentbus.cli.rules.table import decision_table
from incidentbus.cli.rules.verify import verify
from incidentbus.cli.rules.words import words

app = typer.Typer(help="派单规则：检查、测试、解释、试派、发布 / routing rules", no_args_is_help=True)
for verb in (lint, explain, route, publish, approve, rollback, log, fields, editor, fmt, verify, words):
    app.command()(verb)
app.command()(diff)
app.command()(replay)
app.command("test")(run_cases)
app.command("export-excel")(export_excel)
app.command("import-excel")(import_excel)
app.add_typer(shadow.app, name="shadow")
app.command("table")(decision_table)
app.add_typer(calendar.app, name="calendar")
app.add_typer(new.app, name="new")
