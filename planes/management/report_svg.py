"""The pictures of a report: outages over time, and the topology. SVG that stands inside of a page. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape

from planes.management.graph import Graph, Node
from planes.management.graph_layout import placed
from planes.model.results import Plot

WIDTH, HEIGHT = 720, 150
LEFT, BOTTOM, TOP = 46, 24, 16
MARGIN = 70
BOX, CIRCLE = (92, 34), (64, 26)


def plotted(plot: Plot) -> str:
    """Arrivals a second over time, as steps: where it falls to nothing, that is the outage."""
    inner, high = WIDTH - LEFT - 10, HEIGHT - TOP - BOTTOM
    whole = max(len(plot.counts), 1) * plot.width
    most = max([*plot.counts, 1])

    def x(at: float) -> float:
        return round(LEFT + min(max(at, 0.0), whole) / whole * inner, 1)

    def y(count: float) -> float:
        return round(TOP + high * (1 - count / most), 1)

    steps = [f"{x(n * plot.width)},{y(c)} {x((n + 1) * plot.width)},{y(c)}" for n, c in enumerate(plot.counts)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" class="plot">',
        f"<title>{escape(plot.title)}</title>",
        f'<line class="axis" x1="{LEFT}" y1="{y(0)}" x2="{x(whole)}" y2="{y(0)}"/>',
        f'<text x="{LEFT - 4}" y="{y(most) + 4}" text-anchor="end">{most / plot.width:.0f}/s</text>',
        f'<text x="{LEFT - 4}" y="{y(0) + 4}" text-anchor="end">0</text>',
        *_ticks(whole, x, y(0)),
        f'<polyline class="arrived" points="{" ".join(steps)}"/>',
    ]
    for at, words in plot.marks:
        parts.append(f'<line class="mark" x1="{x(at)}" y1="{TOP}" x2="{x(at)}" y2="{y(0)}"/>')
        parts.append(f'<text class="note" x="{x(at) + 3}" y="{TOP - 4}">{escape(words)}</text>')
    return "\n".join([*parts, "</svg>"])


def _ticks(whole: float, x: Callable[[float], float], bottom: float) -> Iterator[str]:
    for number in range(6):
        at = whole * number / 5
        anchor = "end" if number == 5 else "middle"
        yield f'<text x="{x(at)}" y="{bottom + 15}" text-anchor="{anchor}">{at * 1000:.0f} ms</text>'


def topology(graph: Graph) -> str:
    """Switches in tiers, hosts below them, links between; dashed is what is down."""
    nodes = {node.name: node for node in graph.nodes}
    switches = [node.name for node in graph.nodes if node.kind == "switch"]
    known = set(switches)
    homes: dict[str, str] = {}
    for edge in graph.edges:
        for host, at in ((edge.a, edge.b), (edge.b, edge.a)):
            if host not in known and at in known:
                homes.setdefault(host, at)
    spots = placed(switches, [(edge.a, edge.b) for edge in graph.edges], homes)
    if not spots:
        return ""
    xs, ys = [x for x, _ in spots.values()], [y for _, y in spots.values()]
    left, top = min(xs) - MARGIN, min(ys) - MARGIN
    size = f"{left:.0f} {top:.0f} {max(xs) - left + MARGIN:.0f} {max(ys) - top + MARGIN:.0f}"
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="{size}" class="topology">']
    parts.append("<title>topology</title>")
    for edge in graph.edges:
        if edge.a in spots and edge.b in spots:
            (ax, ay), (bx, by) = spots[edge.a], spots[edge.b]
            kind = "link down" if edge.down else "link"
            parts.append(f'<line class="{kind}" x1="{ax:.0f}" y1="{ay:.0f}" x2="{bx:.0f}" y2="{by:.0f}"/>')
    parts += [line for name, (x, y) in spots.items() for line in _node(nodes[name], x, y)]
    return "\n".join([*parts, "</svg>"])


def _node(node: Node, x: float, y: float) -> Iterator[str]:
    wide, high = BOX if node.kind == "switch" else CIRCLE
    round_ = 3 if node.kind == "switch" else 13
    kind = f"{'switch' if node.kind == 'switch' else 'host'}{' down' if node.down else ''}"
    at = f'x="{x - wide / 2:.0f}" y="{y - high / 2:.0f}" width="{wide}" height="{high}" rx="{round_}"'
    yield f'<rect class="{kind}" {at}><title>{escape(", ".join((node.name, *node.notes)))}</title></rect>'
    yield f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle">{escape(node.name)}</text>'
