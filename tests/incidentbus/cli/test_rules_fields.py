"""`incidentbus rules fields`: a schema on stdout, with a ruleset's codes where one is named."""

import json
from pathlib import Path

from typer.testing import CliRunner

from incidentbus.cli.rules import app

EXAMPLE = Path(__file__).parents[3] / "docs" / "rules" / "example"


def test_the_schema_is_printed_and_offers_a_rulesets_codes_when_one_is_named() -> None:
    plain = CliRunner().invoke(app, ["fields", "routes"])
    assert plain.exit_code == 0
    assert json.loads(plain.stdout)["properties"]["routes"]["type"] == "array"
    assert "construction" not in plain.stdout
    offered = CliRunner().invoke(app, ["fields", "routes", "--ruleset", str(EXAMPLE)])
    assert "noise/hawking" in offered.stdout


def test_a_folder_that_holds_no_sound_ruleset_ends_with_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["fields", "routes", "--ruleset", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (2, "")
