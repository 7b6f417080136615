from __future__ import annotations

import pytest

from planes.management.grammar import FORM, Argument, Option, Word
from planes.management.grammar_reference import BEGIN, FINISH, placed, reference

ROOT = Word(
    "",
    children=(
        Word(
            "ping",
            "Ping it.",
            arguments=(Argument("host", "Whom."),),
            options=(
                Option(("-c",), "count", "How often.", Argument("count", kind="number")),
                Option(("-o",), "form", "How.", Argument("form", kind=FORM)),
            ),
            handler="x",
        ),
        Word("secret", "Not told.", hidden=True, handler="x"),
    ),
)


def test_every_line_is_in_it_but_what_is_hidden_and_what_is_the_sessions() -> None:
    assert reference("Words", ROOT, "All of them.").splitlines() == [
        "### Words",
        "",
        "All of them.",
        "",
        "* `ping HOST [-c COUNT]`: Ping it.",
        "  * `HOST`: Whom.",
        "  * `-c COUNT`: How often.",
    ]


def test_it_is_put_between_the_marks_and_nothing_else_changes() -> None:
    text = f"before\n{BEGIN}\nold\n{FINISH}\nafter\n"
    assert placed(text, "new\n") == f"before\n{BEGIN}\nnew\n{FINISH}\nafter\n"
    assert placed(placed(text, "x\n"), "new\n") == placed(text, "new\n")


@pytest.mark.parametrize("text", ["", BEGIN, FINISH, f"{FINISH}{BEGIN}"])
def test_without_the_marks_nothing_is_written(text: str) -> None:
    with pytest.raises(ValueError, match="there is no"):
        placed(text, "new\n")
