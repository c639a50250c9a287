"""The checked-in schemas are the code's, and what would break a promise cannot be written over them."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from incidentbus.cli.contracts import app
from incidentbus.schemafiles import DIRECTORY, current, findings, write_files


def test_the_checked_in_schemas_are_what_the_code_says() -> None:
    assert findings() == []


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    write_files(tmp_path)
    return tmp_path


def changed(name: str, change: Any) -> dict[str, dict[str, Any]]:
    code = copy.deepcopy(current())
    change(code[name])
    return code


def test_a_removed_field_is_a_broken_promise(copies: Path) -> None:
    code = changed("assignment.v1.json", lambda schema: schema["properties"].pop("text"))
    (told,) = findings(copies, code)
    assert told.broken
    assert (told.file, told.what) == ("assignment.v1.json", "text: removed")


def test_a_new_optional_field_is_merely_not_written_yet(copies: Path) -> None:
    code = changed(
        "assignment.v1.json", lambda schema: schema["properties"].update(new={"type": "string", "default": ""})
    )
    (told,) = findings(copies, code)
    assert not told.broken
    assert write_files(copies, code) == ["assignment.v1.json"]
    assert findings(copies, code) == []


def test_a_schema_whose_topic_went_is_a_broken_promise_unless_a_later_major_follows(copies: Path) -> None:
    code = copy.deepcopy(current())
    retired = code.pop("probe.v1.json")
    assert [each.file for each in findings(copies, code) if each.broken] == ["probe.v1.json"]
    code["probe.v2.json"] = retired | {"properties": {}}
    write_files(copies, code)
    assert findings(copies, code) == []


def test_the_command_says_what_is_stale_and_writes_it(copies: Path, invoke) -> None:
    (copies / "probe.v1.json").unlink()
    stale = json.loads((copies / "report.v1.json").read_text(encoding="utf-8"))
    stale["description"] = "old words"
    (copies / "report.v1.json").write_text(json.dumps(stale), encoding="utf-8")
    checked = invoke(app, "schemas", "--check", "--dir", str(copies))
    assert checked.exit_code == 1
    assert "probe.v1.json" in checked.stderr
    written = invoke(app, "schemas", "--write", "--dir", str(copies))
    assert written.exit_code == 0
    assert written.stdout.count("written") == 2
    assert invoke(app, "schemas", "--dir", str(copies)).exit_code == 0


def test_the_command_will_not_write_over_a_promise(copies: Path, invoke) -> None:
    promised = json.loads((copies / "report.v1.json").read_text(encoding="utf-8"))
    promised["properties"]["promised"] = {"type": "string", "default": ""}
    (copies / "report.v1.json").write_text(json.dumps(promised), encoding="utf-8")
    refused = invoke(app, "schemas", "--write", "--dir", str(copies))
    assert refused.exit_code == 1
    assert "promised: removed" in refused.stderr
    assert json.loads((copies / "report.v1.json").read_text(encoding="utf-8")) == promised


def test_every_channel_with_a_native_form_has_its_schema() -> None:
    files = {path.name for path in DIRECTORY.glob("native-*.json")}
    assert {f"native-{channel}.v1.json" for channel in ("hotline-12345", "petition", "police-110")} <= files
