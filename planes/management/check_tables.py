"""Results of checks as tables for programs, and as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from planes.management.tables import Table, text
from planes.model.results import Evidence, Outcome, Result, Verdict


def tables(outcome: Outcome) -> list[Table]:
    """All that is known, but for plots."""
    found = outcome.results
    return [
        _checks(found),
        Table("failures", ("check", "failure"), [(each.name, line) for each in found for line in each.failures]),
        Table(
            "figures",
            ("check", "figure", "value", "unit", "limit"),
            [
                (each.name, figure.name, figure.value, figure.unit, figure.limit)
                for each in found
                for figure in each.figures
            ],
        ),
        Table(
            "traces",
            ("check", "packet", "verdict", "trace"),
            [(each.name, seen.title, seen.verdict, "\n".join(seen.lines)) for each in found for seen in each.evidence],
        ),
        Table("rules", ("check", "packet", "rule"), _each(found, lambda seen: seen.rules)),
        Table("reasons", ("check", "packet", "plan"), _each(found, lambda seen: seen.plan)),
    ]


def lines(outcome: Outcome) -> Iterator[str]:
    """A table, then for each check that fails why, with its traces."""
    rows = [
        (each.name, each.verdict.value, f"{each.seconds:.1f} s", each.what if each.holds else each.told)
        for each in outcome.results
    ]
    yield from text([Table("checks", ("check", "result", "took", "what"), rows)]).splitlines()
    for each in outcome.results:
        if not each.holds:
            yield from _failed(each)


def verdict(outcome: Outcome) -> str:
    """In one line."""
    parts = [
        f"{count} {words}"
        for kind, words in (
            (Verdict.FAILS, "fail"),
            (Verdict.CANNOT, "can't hold"),
            (Verdict.SKIPPED, "skipped"),
        )
        if (count := outcome.count(kind))
    ]
    return f"{len(outcome.results)} checks, {outcome.seconds:.1f} s: {', '.join(parts) if parts else 'all hold'}"


def _failed(result: Result) -> Iterator[str]:
    yield f"{result.name} {result.verdict.value}: {result.what}"
    if result.spot:
        yield f"  plan   {result.spot}"
    yield from (f"  {line}" for line in result.failures)
    yield from (f"  {figure}" for figure in result.figures if figure.limit is not None)
    for seen in result.evidence:
        yield from _shown(seen)
    yield ""


def _shown(seen: Evidence) -> Iterator[str]:
    yield f"  trace of {seen.title}"
    yield from (f"    {line}" for line in seen.lines)
    yield f"    {seen.verdict}"
    yield from (f"  rule   {line}" for line in seen.rules)
    yield from (f"  wanted by {line}" for line in seen.plan)


def _checks(results: Iterable[Result]) -> Table:
    columns = ("check", "kind", "what", "result", "holds", "seconds", "plan", "told")
    rows = [(r.name, r.kind, r.what, r.verdict.value, r.holds, round(r.seconds, 3), r.spot, r.told) for r in results]
    return Table("checks", columns, rows)


def _each(results: Iterable[Result], lines_of: Callable[[Evidence], tuple[str, ...]]) -> list[tuple[str, str, str]]:
    return [(each.name, seen.title, line) for each in results for seen in each.evidence for line in lines_of(seen)]
