"""JUnit XML of a run of a ruleset's tests: what CI systems show. One suite a file, one case a decision."""

from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from routing_rules.messages.entries import Language
from routing_rules.messages.testing import say
from routing_rules.tools.explain import render
from routing_rules.tools.testing import CaseResult, TestReport, problem_text, wanted

_ALLOWED = frozenset("\t\n\r")


def junit(report: TestReport, language: str = Language.ZH) -> bytes:
    """Return the report as XML in UTF-8. Nothing is told of time: a decision takes none worth telling."""
    root = Element("testsuites", name=report.compiled.stamp.id)
    for file, results in groupby(report.results, key=lambda result: result.file):
        cases = list(results)
        suite = SubElement(root, "testsuite", name=file, tests=str(len(cases)), skipped="0")
        suite.set("errors", str(sum(case.problem is not None for case in cases)))
        suite.set("failures", str(sum(bool(case.misses) for case in cases)))
        for case in cases:
            _case(suite, case, report, language)
    indent(root)
    return bytes(tostring(root, "utf-8", xml_declaration=True)) + b"\n"


def _case(suite: Element, case: CaseResult, report: TestReport, language: str) -> None:
    name = case.name + (say("round", language, n=case.round) if case.of_rounds > 1 else "")
    element = SubElement(suite, "testcase", name=_clean(name), classname=case.file, file=case.file, line=str(case.line))
    if case.problem is not None:
        told = problem_text(case.problem, language)
        SubElement(element, "error", type=case.problem.key, message=_clean(told)).text = _clean(told)
    elif case.misses:
        said = [
            say("wanted", language, key=miss.key, expected=wanted(miss, language), actual=miss.actual)
            for miss in case.misses
        ]
        failure = SubElement(element, "failure", type="expectation", message=_clean(said[0]))
        why = []
        if case.decision is not None and case.incident is not None:
            why = [render(case.decision, case.incident, report.compiled, language)]
        failure.text = _clean("\n".join([*said, *why]))


def _clean(text: str) -> str:
    """Return a text without what XML may not hold."""
    return "".join(char for char in text if char in _ALLOWED or (char >= " " and char not in "\ufffe\uffff"))
