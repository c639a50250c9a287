"""What the self-test takes out is still there to be taken out, and what is left is a program."""

from pathlib import Path

import pytest

from tests.faults.selftest import SAFEGUARDS, Safeguard, tree_with


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=[each.name for each in SAFEGUARDS])
def test_a_safeguard_can_be_taken_out(safeguard: Safeguard, tmp_path: Path) -> None:
    changes = (*safeguard.base, *safeguard.changes)
    tree = tree_with(changes, tmp_path)
    for change in changes:
        compile((tree / change.file).read_text("utf-8"), change.file, "exec")
        assert change.new in (tree / change.file).read_text("utf-8")
