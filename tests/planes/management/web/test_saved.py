from __future__ import annotations

import base64
import json
import re
from dataclasses import replace

from pictured import view

from planes.management.web.app import STATIC
from planes.management.web.cabling import Cabling, seen
from planes.management.web.picture import Picture, drawn
from planes.management.web.saved import saved


def page(name: str = "small") -> str:
    picture = drawn(view(), seen(view().state), Cabling())
    return saved(Picture(replace(picture.facts, name=name), picture.elements), 101.5)


def test_it_holds_the_picture() -> None:
    (held,) = re.findall(r'<script type="application/json" id="picture">(.*?)</script>', page())
    told = json.loads(held)
    assert (told["now"], told["facts"]["name"]) == (101.5, "small")
    assert any(each["id"] == "link:leaf1:2-spine:1" for each in told["elements"])


def test_no_text_in_the_picture_ends_it() -> None:
    (held,) = re.findall(r'id="picture">(.*?)</script>', page("</script><script>alert(1)</script>"))
    assert json.loads(held)["facts"]["name"] == "</script><script>alert(1)</script>"


def test_it_asks_nobody_for_anything() -> None:
    text = page()
    assert not re.search(r'(?:src|href)="(?!#)', text)
    assert "default-src 'none'" in text


def test_every_module_is_there_under_the_name_that_others_call_it_by() -> None:
    (told,) = re.findall(r'<script type="importmap">(.*?)</script>', page())
    imports = json.loads(told)["imports"]
    assert set(imports) == {
        *(f"triplane/{path.name}" for path in (STATIC / "js").glob("*.js")), "triplane/cytoscape.esm.min.mjs",
    }  # fmt: skip
    for name, address in imports.items():
        module = base64.b64decode(address.removeprefix("data:text/javascript;base64,")).decode()
        if not name.endswith(".min.mjs"):
            assert set(re.findall(r'^import .*? from "(.*?)"', module, re.MULTILINE)) <= set(imports)
