"""Results of checks as a page: one file, that asks for nothing else, and reads without scripts. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterator
from html import escape

from planes.management.check_tables import verdict
from planes.management.graph import Graph
from planes.management.report_svg import plotted, topology
from planes.model.results import Evidence, Outcome, Result, Verdict
from planes.model.state import Event

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #667; --line: #ccd; --good: #1a7f37;
  --bad: #c62828; --note: #9a6700; --box: #eef1f6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --paper: #15181c; --soft: #9aa3ad; --line: #3a414a;
  --good: #4cc26a; --bad: #ff6b61; --note: #e0a93a; --box: #20252c; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .25rem .6rem .25rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; }
.holds { color: var(--good); } .fails, .cannot { color: var(--bad); } .skipped { color: var(--note); }
.soft { color: var(--soft); } pre { overflow-x: auto; background: var(--box); padding: .7rem; font-size: 12.5px; }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: var(--ink); }
.topology { max-height: 32rem; } .link, .axis { stroke: var(--soft); stroke-width: 1.5; }
.down { stroke-dasharray: 5 4; } rect { fill: var(--box); stroke: var(--ink); }
.arrived { fill: none; stroke: var(--good); stroke-width: 1.5; }
.mark { stroke: var(--bad); stroke-dasharray: 3 3; } .note { fill: var(--bad); }
"""
MAX_EVENTS = 60  # of one check


def page(outcome: Outcome, graph: Graph) -> str:
    """The whole file."""
    title = f"{outcome.plan}: {verdict(outcome)}"
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(outcome.plan)}</h1>",
        f'<p class="{"holds" if outcome.holds else "fails"}">{escape(verdict(outcome))}</p>',
        f'<p class="soft">lab {escape(outcome.lab)}, {_moment(outcome.begun)}</p>',
        *_overview(outcome),
        "<h2>Topology</h2>",
        topology(graph),
        *(line for number, result in enumerate(outcome.results) for line in _section(number, result)),
        "<h2>Versions</h2><table>",
        *(f"<tr><td>{escape(name)}</td><td>{escape(version)}</td></tr>" for name, version in outcome.versions),
        "</table></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _overview(outcome: Outcome) -> Iterator[str]:
    yield "<table><tr><th>check</th><th>result</th><th>what</th><th>took</th></tr>"
    for number, each in enumerate(outcome.results):
        link = f'<a href="#check-{number}">{escape(each.name)}</a>'
        cells = link, _verdict(each), escape(each.what), f"{each.seconds:.1f} s"
        yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    yield "</table>"


def _section(number: int, result: Result) -> Iterator[str]:
    yield f'<section id="check-{number}"><h2>{escape(result.name)}: {_verdict(result)}</h2>'
    yield f"<p>{escape(result.what)}</p>"
    if result.spot:
        yield f'<p class="soft"><code>{escape(result.spot)}</code></p>'
    if result.failures:
        yield "<ul>" + "".join(f'<li class="fails">{escape(line)}</li>' for line in result.failures) + "</ul>"
    if result.figures:
        yield "<p>" + "; ".join(escape(str(figure)) for figure in result.figures) + "</p>"
    yield from (f"<figure><figcaption>{escape(p.title)}</figcaption>{plotted(p)}</figure>" for p in result.plots)
    yield from (line for seen in result.evidence for line in _evidence(seen))
    yield from _events(result.events)
    yield "</section>"


def _evidence(seen: Evidence) -> Iterator[str]:
    yield f"<h3>Trace of {escape(seen.title)}</h3><p class='fails'>{escape(seen.verdict)}</p>"
    for title, lines in (("Rules", seen.rules), ("Wanted by", seen.plan)):
        if lines:
            yield f"<p>{title}</p><pre>{escape(chr(10).join(lines))}</pre>"
    if seen.lines:
        yield f"<details><summary>The whole way</summary><pre>{escape(chr(10).join(seen.lines))}</pre></details>"


def _events(events: tuple[Event, ...]) -> Iterator[str]:
    if not events:
        return
    yield f"<details><summary>{len(events)} events of the lab meanwhile</summary><pre>"
    for event in events[:MAX_EVENTS]:
        clock = time.strftime("%H:%M:%S", time.gmtime(event.at)) + f".{int(event.at * 1000) % 1000:03d}"
        cause = f" ({event.cause})" if event.cause else ""
        yield escape(f"{clock} {event.subject}: {event.text}{cause}")
    more = len(events) - MAX_EVENTS
    yield f"{f'... and {more} more' if more > 0 else ''}</pre></details>"


def _verdict(result: Result) -> str:
    name = "cannot" if result.verdict is Verdict.CANNOT else result.verdict.value
    return f'<span class="{name}">{escape(result.verdict.value)}</span>'


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))
