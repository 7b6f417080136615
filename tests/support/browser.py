"""Headless Chromium, Debian's, and the map in it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from commands import DEADLINE
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync",
)  # fmt: skip
DESKTOP, PHONE = (1280, 800), (390, 844)


@dataclass(frozen=True)
class Map:
    """The map on a page; rows of its list are elements by id."""

    driver: webdriver.Chrome

    def run(self, script: str, *arguments: object) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def row(self, ident: str) -> dict[str, str]:
        """The data of a row, and its words; nothing when there is none."""
        script = "const row = document.querySelector(`#list [data-id='${arguments[0]}']`);"
        found = self.run(f"{script} return row && {{...row.dataset, words: row.textContent}}", ident)
        return dict(found or {})

    def ids(self, condition: str = "") -> set[str]:
        """The rows that meet a condition of CSS."""
        script = "return [...document.querySelectorAll(arguments[0])].map((row) => row.dataset.id)"
        return set(self.run(script, f"#list button{condition}"))

    def state(self, selector: str) -> str | None:
        """`data-state` of the first such element; None when there is none."""
        found: str | None = self.run("return document.querySelector(arguments[0])?.dataset.state", selector)
        return found

    def press(self, *keys: str) -> None:
        """Keys, to whatever has the focus."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def until(self, condition: Any) -> Any:
        """Wait for what a function of this makes true, and give it."""
        return WebDriverWait(self.driver, DEADLINE, poll_frequency=0.05).until(lambda _: condition(self))

    @property
    def focus(self) -> dict[str, str]:
        """Of what has the focus: id, data, words."""
        script = "const f = document.activeElement; return {...f.dataset, element: f.id, tag: f.tagName}"
        return dict(self.run(script))

    def problems(self) -> list[str]:
        """What the browser complained of since this was asked last."""
        return [entry["message"] for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def asked(self) -> set[str]:
        """The hosts that the page sent requests to since this was asked last; "" for itself in data."""
        hosts = set()
        for entry in self.driver.get_log("performance"):  # type: ignore[no-untyped-call]
            message = json.loads(entry["message"])["message"]
            # Chromium's own pages, such as the one it starts with, ask for things of its own.
            if message["method"] == "Network.requestWillBeSent":
                parameters = message["params"]
                if urlsplit(parameters["documentURL"]).scheme in ("http", "https", "file"):
                    hosts.add(urlsplit(parameters["request"]["url"]).netloc)
        return hosts


@contextmanager
def opened(
    address: str,
    size: tuple[int, int] = DESKTOP,
    scheme: str = "light",
    motion: str = "no-preference",
    scale: float = 1,
) -> Iterator[Map]:
    """A page in a browser of its own. The driver's path is given: nothing is looked for, and nothing downloaded."""
    with tempfile.TemporaryDirectory(prefix="chromium", ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
        try:
            width, height = size
            metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": size == PHONE}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            features = [
                {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": motion},
            ]  # fmt: skip
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
            driver.get(address)
            yield Map(driver)
        finally:
            driver.quit()


__all__ = ["CHROMIUM", "DESKTOP", "DRIVER", "PHONE", "Keys", "Map", "opened"]
