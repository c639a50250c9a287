"""Files put right: edit after edit, each kept only if its finding goes, the file stays readable, and no error comes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from routing_rules.engine.source import Listing, Node, Scalar, Table, read
from routing_rules.messages import Finding, Level
from routing_rules.tools.fixing.edits import FIXERS, Edit
from routing_rules.tools.fixing.tidying import tidy
from routing_rules.tools.lint import lint

FIXABLE: Final = frozenset(FIXERS)
MOST_ROUNDS: Final = 40
MOST_TRIED_ALONE: Final = 100
"""Edits tried one by one where a whole round did not do: each costs a lint."""
_NAMED: Final = ("title", "name")
_CODED: Final = ("agencies.yaml", "categories.yaml", "jurisdictions.yaml")


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of it: the files that changed, as they are to be; the findings answered; those that remain."""

    files: Mapping[str, bytes]
    fixed: tuple[Finding, ...]
    left: tuple[Finding, ...]


def mend(files: Mapping[str, bytes], today: date) -> Mended:
    """Put right what can be put right safely. Mending what was mended changes nothing."""
    now = {file: content if _is_other(file) else tidy(file, content) for file, content in files.items()}
    fixed: list[Finding] = []
    given_up: set[tuple[object, ...]] = set()
    findings = lint(now, today)
    for _ in range(MOST_ROUNDS):
        planned = [plan for plan in _plans(now, findings) if _key(plan[0]) not in given_up]
        if not planned:
            break
        now, findings, done = _round(now, findings, planned, today)
        fixed += done
        given_up |= {_key(finding) for finding, _ in planned if finding not in done}
    now = {file: content if _is_other(file) else tidy(file, content) for file, content in now.items()}
    changed = {file: content for file, content in now.items() if content != files[file]}
    return Mended(changed, tuple(fixed), findings)


def _is_other(file: str) -> bool:
    return not file.endswith((".yaml", ".yml"))


def _key(finding: Finding) -> tuple[object, ...]:
    return finding.at, finding.code, tuple(sorted(finding.params.items()))


_Plan = tuple[Finding, Edit]
_Files = dict[str, bytes]


def _plans(files: Mapping[str, bytes], findings: Iterable[Finding]) -> Iterator[_Plan]:
    """Yield the edits of a round: one a line, so that none moves another."""
    codes = _titles(files)
    taken: set[tuple[str, int]] = set()
    for finding in findings:
        fixer, at = FIXERS.get(finding.code), finding.at
        if fixer is None or (at.file, at.line) in taken or at.file not in files:
            continue
        lines = _lines(files[at.file])
        edit = fixer(finding, lines[at.line - 1], codes) if 0 < at.line <= len(lines) else None
        if edit is not None:
            taken.add((at.file, at.line))
            yield finding, edit


def _round(
    files: _Files, findings: tuple[Finding, ...], planned: list[_Plan], today: date
) -> tuple[_Files, tuple[Finding, ...], list[Finding]]:
    """Make all edits at once; where one of them was wrong, each alone."""
    made = _edited(files, planned)
    after = lint(made, today)
    if all(_is_better(finding, files, findings, made, after) for finding, _ in planned):
        return made, after, [finding for finding, _ in planned]
    done: list[Finding] = []
    for plan in planned[:MOST_TRIED_ALONE]:
        made = _edited(files, [plan])
        after = lint(made, today)
        if _is_better(plan[0], files, findings, made, after):
            files, findings = made, after
            done.append(plan[0])
    return files, findings, done


def _is_better(
    finding: Finding, files: _Files, before: Iterable[Finding], made: _Files, after: tuple[Finding, ...]
) -> bool:
    """Whether the finding is gone from its place, the file still readable, and no error more in it if it was."""
    file = finding.at.file
    gone = all(_key(other) != _key(finding) for other in after)
    if read(file, files[file]).root is None:
        return gone
    return gone and read(file, made[file]).root is not None and _errors(file, after) <= _errors(file, before)


def _errors(file: str, findings: Iterable[Finding]) -> int:
    return sum(finding.at.file == file and finding.level is Level.ERROR for finding in findings)


def _edited(files: _Files, planned: Iterable[_Plan]) -> _Files:
    made = dict(files)
    for finding, edit in planned:
        at = finding.at
        lines = _lines(made[at.file])
        line = lines[at.line - 1]
        lines[at.line - 1] = line[: edit.start] + edit.text + line[edit.end :]
        made[at.file] = "\n".join(lines).encode()
    return made


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8-sig", "surrogateescape").replace("\r\n", "\n").split("\n")


def _titles(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return title → code of what agencies, categories and jurisdictions name, those left out that name two things."""
    found: dict[str, set[str]] = {}
    for file in _CODED:
        for row in _rows(read(file, files.get(file, b"")).root):
            code = row.get("code")
            for name in filter(None, map(row.get, _NAMED)):
                if isinstance(code, Scalar) and isinstance(name, Scalar):
                    found.setdefault(name.value, set()).add(code.value)
    return {title: codes.pop() for title, codes in found.items() if len(codes) == 1}


def _rows(root: Node | None) -> Iterator[Table]:
    for _, value in root.entries if isinstance(root, Table) else ():
        yield from (item for item in value.items if isinstance(item, Table)) if isinstance(value, Listing) else ()
