"""Text to Ruleset: files in, one frozen Ruleset and all findings out. The one door that touches a folder.

A ruleset with a finding of level error is refused whole; warnings and notes load. Nothing is raised for what an author
wrote, whatever it is.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from routing_rules.engine.catalogue import Catalogue
from routing_rules.engine.loading.assembly import assemble
from routing_rules.engine.loading.checks.catalogue import check_catalogue, check_supervisors
from routing_rules.engine.loading.checks.roles import check_roles
from routing_rules.engine.loading.checks.rules import check_rules
from routing_rules.engine.loading.geography import parse_area
from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.rules import check_names
from routing_rules.engine.loading.vocabulary import Documents, vocabulary
from routing_rules.engine.schema import Ruleset
from routing_rules.engine.source import Document, Waiver, plain, read
from routing_rules.messages import Finding, Level, Position

NEEDED: Final = ("ruleset.yaml", "agencies.yaml", "jurisdictions.yaml", "categories.yaml")
FOLDERS: Final = ("places", "words", "calendars", "routes")
_OTHERS: Final = "places/*.yaml words/*.yaml areas/*.geojson calendars/*.yaml routes/NN-*.yaml tests/*.test.yaml"
_KNOWN: Final = f"{' '.join(NEEDED)} {_OTHERS}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a ruleset's files: `ruleset` is None where a finding is an error. Findings in the files' order."""

    ruleset: Ruleset | None
    findings: tuple[Finding, ...]
    waivers: tuple[Waiver, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Return the findings for which the ruleset was refused."""
        return tuple(finding for finding in self.findings if finding.level is Level.ERROR)


def read_bundle(path: Path) -> dict[str, bytes]:
    """Return the files of a ruleset's folder by their paths within it, with `/`. Raises OSError.

    Hidden files and what isn't YAML or GeoJSON stay out.
    """
    found = sorted(file for file in path.rglob("*") if file.suffix in {".yaml", ".yml", ".geojson"} and file.is_file())
    names = {file.relative_to(path).as_posix(): file for file in found}
    return {name: file.read_bytes() for name, file in names.items() if not name.startswith(".") and "/." not in name}


def load_directory(path: Path) -> Loaded:
    """Load the ruleset in a folder. Raises OSError where it cannot be read."""
    return load(read_bundle(path))


def load(files: Mapping[str, bytes]) -> Loaded:
    """Load a ruleset from its files. Tests are no part of it and are passed over."""
    reading = Reading()
    documents, waivers = _open(files, reading)
    reading.findings += unreasoned(waivers)
    reading.vocabulary, reading.blurred = vocabulary(documents)
    check_names((document.file for document in documents.routes), reading)
    draft = assemble(documents, content_hash(documents), reading)
    if draft is not None:
        catalogue = Catalogue(draft.ruleset)
        check_catalogue(draft.ruleset, reading)
        if draft.staffed:  # else what is missing would be blamed on those who are there
            check_supervisors(draft.ruleset, catalogue, reading)
            check_roles(draft.ruleset, catalogue, reading)
        check_rules(draft.ruleset, catalogue, draft.whole, reading)
    findings = tuple(unwaived(reading.findings, waivers))
    refused = draft is None or any(finding.level is Level.ERROR for finding in findings)
    return Loaded(None if refused or draft is None else draft.ruleset, findings, tuple(waivers))


def is_test(file: str) -> bool:
    """Whether a file holds test cases, which are run beside the ruleset and are no part of it."""
    return file.count("/") == 1 and file.startswith("tests/") and file.endswith(".test.yaml")


def content_hash(documents: Documents) -> str:
    """Return the SHA-256, in hexadecimal, of the parsed content with sorted keys (G46).

    Blanks, comments, quotes, the order of keys and the tests don't change it; the names of files do, for they order.
    """
    content: dict[str, Any] = dict(documents.areas)
    for document in _all(documents):
        content[document.file] = plain(document.root) if document.root is not None else None
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _all(documents: Documents) -> Iterator[Document]:
    yield from documents.single.values()
    for group in (documents.places, documents.words, documents.calendars, documents.routes):
        yield from group


def _open(files: Mapping[str, bytes], reading: Reading) -> tuple[Documents, list[Waiver]]:
    """Read all files as text and sort them; note the ones that are missing and the ones that nobody reads."""
    opened: dict[str, list[Document]] = {folder: [] for folder in FOLDERS}
    single: dict[str, Document] = {}
    areas: dict[str, dict[str, Any]] = {}
    broken: set[str] = set()
    for file in sorted(files):
        folder = file.split("/", 1)[0] if file.count("/") == 1 else ""
        if file in NEEDED:
            single[file] = _document(file, files[file], reading)
        elif folder == "areas" and file.endswith(".geojson"):
            parsed = parse_area(file, files[file], reading)
            broken |= {file} if parsed is None else set()
            areas |= {} if parsed is None else {file: parsed}
        elif folder in opened and (file.endswith(".yaml") or folder == "routes"):
            opened[folder].append(_document(file, files[file], reading))
        elif not is_test(file):
            reading.find("RR149", Position(file, 1, 1), known=_KNOWN)
    for name in [name for name in NEEDED if name not in single] + ([] if opened["routes"] else ["routes/*.yaml"]):
        reading.find("RR100", Position(name, 1, 1), "missing", name=name)
    groups = {folder: tuple(group) for folder, group in opened.items()}
    documents = Documents(single, **groups, areas=areas, broken_areas=frozenset(broken))
    return documents, [waiver for document in _all(documents) for waiver in document.waivers]


def _document(file: str, content: bytes, reading: Reading) -> Document:
    document = read(file, content, reading.left)
    reading.left -= min(document.nodes, reading.left)
    reading.findings += document.findings
    if document.root is None and not document.findings:
        reading.find("RR100", Position(file, 1, 1), detail="yaml:empty")
    return document


def unreasoned(waivers: Iterable[Waiver]) -> list[Finding]:
    """Return a finding for each waiver that doesn't say why; it waives nothing."""
    return [Finding("RR152", waiver.at, {"code": waiver.codes[0]}) for waiver in waivers if not waiver.reason]


def unwaived(findings: Iterable[Finding], waivers: Iterable[Waiver]) -> Iterator[Finding]:
    """Yield the findings that no waiver takes away, each once, in the files' order. Errors cannot be waived."""
    waived = {(waiver.at.file, waiver.covers, code) for waiver in waivers if waiver.reason for code in waiver.codes}
    seen = set()
    for finding in sorted(findings, key=lambda finding: (finding.at, finding.code)):
        key = (finding.at, finding.code, finding.variant, tuple(sorted(finding.params.items())))
        excused = finding.level is not Level.ERROR and (finding.at.file, finding.at.line, finding.code) in waived
        if key not in seen and not excused:
            seen.add(key)
            yield finding
