"""A headless browser, Debian's chromium, for the tests that ask for one by the mark `browser`."""

import contextlib
import json
import shutil
import tempfile

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from tests.support.engine import eventually

OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--disable-dev-shm-usage",
)


class Browser:
    """A window, and what somebody in front of it does and sees."""

    def __init__(self, driver, address):
        self.driver = driver
        self._address = address

    def open(self, path):
        self.driver.get(f"{self._address}{path}")

    @property
    def text(self):
        return " ".join(self.text_of("body").split())

    def text_of(self, selector):
        """Text of an element; empty while the page puts another one in its place."""
        try:
            return self.find(selector).text
        except StaleElementReferenceException:
            return ""

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def has(self, selector):
        return bool(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def shows(self, text):
        eventually(lambda: text in self.text, what=f"{text} in {self.text}")

    def press(self, selector):
        """Press a button once it is there, and wait for the page that it leads to."""
        eventually(lambda: self.has(selector), what=selector)
        self.mark()
        self.find(selector).click()
        eventually(lambda: not self.is_marked(), what=f"another page after {selector}")

    def write(self, selector, text):
        field = self.find(selector)
        field.clear()
        field.send_keys(text)

    def mark(self):
        """Mark this page; the mark is lost when it is loaded again."""
        self.driver.execute_script("window.isTheSame = true")

    def is_marked(self):
        ready = "return document.readyState === 'complete' && window.isTheSame !== true"
        return not self.driver.execute_script(ready)

    def log_in(self, name, password):
        self.open("/admin/")
        self.write("[name=username]", name)
        self.write("[name=password]", password)
        self.press("[type=submit]")

    def resize(self, width, height, *, dark):
        """Make it a screen of this size, for whoever likes it dark or light."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def complaints(self):
        """What the browser's console said since the last call: errors, what CSP has blocked."""
        return [json.dumps(entry) for entry in self.driver.get_log("browser")]


@contextlib.contextmanager
def browser(address, *, scripts=True):
    """Open a browser with a profile of its own; it is gone with the block."""
    profile = tempfile.mkdtemp(prefix="tui-ingest-chromium-")
    options = webdriver.ChromeOptions()
    options.binary_location = _program("chromium")
    for option in (*OPTIONS, f"--user-data-dir={profile}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, Service(_program("chromedriver")))
    try:
        if not scripts:
            driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        yield Browser(driver, address)
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)


def _program(name):
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"These tests need {name}: sudo apt-get install chromium chromium-driver")
    return found
