"""A headless Chromium, where there is one."""

import base64
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.support.wait import WebDriverWait

NEEDED = ("chromium", "chromedriver")
QUIET = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
DESKTOP, PHONE = (1280, 900), (360, 740)


class Browser:
    """One window, and what a test asks of it."""

    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for argument in QUIET:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService(executable_path=str(shutil.which("chromedriver")))
        self.driver = webdriver.Chrome(options, service)

    def open(
        self, file: Path, view: str = "", size: tuple[int, int] = DESKTOP, look: str = "light"
    ) -> None:
        """A page, drawn."""
        width, height = size
        shape = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
        looks = [{"name": "prefers-color-scheme", "value": look}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": looks})
        self.driver.get("about:blank")
        self.driver.get(f"file://{file}{view}")
        self.until("document.documentElement.dataset.drawn")

    def paper(self) -> None:
        """From now on the open page is printed, by somebody who prefers the dark."""
        dark = [{"name": "prefers-color-scheme", "value": "dark"}]
        how = {"media": "print", "features": dark}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", how)

    def printed(self) -> bytes:
        """The open page as a PDF."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        return base64.b64decode(self.driver.print_page())

    def until(self, script: str) -> Any:
        """Wait for something to be true."""
        return WebDriverWait(self.driver, 20, 0.02).until(lambda _: self.says(script))

    def says(self, script: str) -> Any:
        """The value of an expression in the page."""
        return self.driver.execute_script(f"return {script}")

    def text(self, selector: str) -> str:
        """What stands in an element."""
        return str(self.says(f"document.querySelector({selector!r}).textContent"))

    def press(self, selector: str, *keys: str) -> None:
        """Keys, in an element."""
        self.driver.find_element("css selector", selector).send_keys(*keys)

    def click(self, selector: str) -> None:
        """As a finger would, wherever it is."""
        self.driver.execute_script(f"document.querySelector({selector!r}).click()")

    @property
    def complaints(self) -> list[str]:
        """All that stands in the console."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


def needed() -> None:
    """Skip where there is no Chromium; continuous integration must have one."""
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing:
        said = f"no {' and no '.join(missing)} on this machine: the report is not opened"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(said)
