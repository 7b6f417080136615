"""An outcome of checks with something of everything."""

from __future__ import annotations

from planes.model.results import Evidence, Figure, Outcome, Plot, Result, Verdict
from planes.model.state import Event

EVIDENCE = Evidence("a to b: a ping", "dropped by s1", ("s1, in at port 1 from a",), ("s1 lacks <rule>",), ("p:1:1",))
RESULTS = (
    Result("reach-1", "reach", "a, b reach each other", Verdict.HOLDS, figures=(Figure("pairs", 2, ""),), seconds=1.5),
    Result(
        "survive-1",
        "survive",
        "a & b survive <everything>",
        Verdict.FAILS,
        ("s1/s2: an outage of 80.0 ms, allowed are 50 ms", "s1/s3: traffic does not go on\x00\x1b"),
        (Figure("worst outage", 80.25, "ms", 50),),
        (Plot("s1/s2 <fails>", 0.01, (10, 0, 0, 10), ((0.01, "s1/s2 fails"),)),),
        (EVIDENCE,),
        (Event(3, 1000.5, "s1/s2", "lost", "link", "carrier"),),
        "plan.yaml:9:5: - survive",
        2.25,
    ),
    Result("path-1", "path", "impossible", Verdict.CANNOT, ("no way",)),
    Result("reach-2", "reach", "later", Verdict.SKIPPED),
)
OUTCOME = Outcome("lab", "plan", 0.0, 4.0, RESULTS, (("Open vSwitch", "3.1.0"),))
