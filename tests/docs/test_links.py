"""Every relative link in every document leads somewhere; every command shown in the README exists."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#\s]+)(#[^)\s]*)?\)")
TRACKED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
    cwd=ROOT, capture_output=True, text=True, check=True,
).stdout.split("\n")  # fmt: skip
PAGES = [ROOT / name for name in TRACKED if name and (ROOT / name).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target, _ in LINK.findall(page.read_text("utf-8")):
        if "://" not in target and not (page.parent / target).exists():
            broken.append(target)
    assert broken == []


def test_the_walk_names_files_of_every_room() -> None:
    walk = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    linked = {target for target, _ in LINK.findall(walk)}
    for room in ("contracts", "routing_rules", "streams", "connectors", "incidentbus"):
        assert any(target.startswith(f"../{room}/") for target in linked), room


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_every_make_target_shown_exists(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    shown = set(re.findall(r"make ([a-z][a-z-]+)", text))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE))
    assert shown
    assert shown - targets - {"and"} == set()
