"""The HTML report in a real browser: what opens, what a hand can do, and that nothing of a capture acts.

It needs Chromium, and is skipped where there is none: CI validates the page by its parser only (test_html.py).
"""

import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import replace

import pytest

from analyzer.report import Report
from analyzer.views.exhibits import look
from analyzer.views.html import show

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
    "--disable-dev-shm-usage", "--remote-debugging-pipe", "--hide-scrollbars",
)  # fmt: skip


class Browser:
    """A page of Chromium, told what to do over the pipe of its DevTools protocol: JSON that ends with a zero octet."""

    def __init__(self, write, read):
        self.write, self.read, self.number, self.session, self.events = write, read, 0, None, []

    def send(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.write.write(json.dumps(message).encode() + b"\0")
        self.write.flush()
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer)
                return answer["result"]
            self.events.append(answer)

    def _next(self):
        octets = bytearray()
        while (octet := self.read.read(1)) not in (b"\0", b""):
            octets += octet
        assert octets, "the browser ended"
        return json.loads(octets)

    def open(self, path, width=1280, height=900, dark=False, fragment=""):
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.events = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=f"{path.as_uri()}{fragment}")
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def run(self, script):
        told = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def said(self):
        """What the browser complained of: errors of scripts and of the page's policy."""
        self.run("0")
        return [
            event["params"]
            for event in self.events
            if event.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
        ]

    def asked(self):
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]


@contextmanager
def browsing(folder):
    to_browser, from_us = os.pipe()
    to_us, from_browser = os.pipe()

    def pipes():
        high = [os.dup(to_browser), os.dup(from_browser)]  # 3 and 4 may be among ours
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    process = subprocess.Popen(
        [CHROMIUM, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=pipes, close_fds=False,  # noqa: PLW1509  # no thread is at work here
    )  # fmt: skip
    os.close(to_browser)
    os.close(from_browser)
    with os.fdopen(from_us, "wb") as write, os.fdopen(to_us, "rb") as read:
        try:
            yield Browser(write, read)
        finally:
            process.kill()
            process.wait()


pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(os.name != "posix", reason="the pipe is one of POSIX"),
]
EVIL = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with browsing(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def page(sample, tmp_path):
    """Write the page of samples to a file; the first case may have another name."""

    def made(*names, called=None):
        analyses = [sample(name) for name in names]
        cases = [analysis.report for analysis in analyses]
        cases[0] = replace(cases[0], name=called or cases[0].name)
        path = tmp_path / "report.html"
        looks = [look(analysis) for analysis in analyses]
        path.write_text(show(Report("0.1.0", tuple(cases)), looks), encoding="utf-8")
        return path

    return made


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_it_opens_without_a_complaint_and_fits(browser, page, width, dark):
    path = page("msk_under_another_muk", "missed_update")
    browser.open(path, width=width, dark=dark)
    browser.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert browser.said() == []
    assert browser.asked() == [path.as_uri()]
    assert browser.run("document.documentElement.scrollWidth") <= width
    ground = browser.run("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(20, 24, 29)" if dark else "rgb(255, 255, 255)")
    assert browser.run("document.querySelectorAll('svg .arrow').length") > 20


def test_a_search_and_verdicts_hide_cases(browser, page):
    browser.open(page("msk_under_another_muk", "missed_update", "http_good"))
    shown = "[...document.querySelectorAll('section.case')].filter((e) => e.checkVisibility()).map((e) => e.id).join()"
    assert browser.run(shown) == "c0,c1,c2"
    browser.run("search.value = 'MS-16 wrong'; search.dispatchEvent(new Event('input'))")
    assert browser.run(shown) == "c0"
    assert browser.run("found.textContent") == "1 of 3 shown"
    browser.run("search.value = ''; search.dispatchEvent(new Event('input'))")
    browser.run("document.querySelector('input[value=fail]').click()")
    assert browser.run(shown) == "c1,c2"
    browser.run("unfold.click()")
    assert browser.run("document.querySelectorAll('section.case > details[open]').length") == 2
    browser.run("fold.click()")
    assert browser.run("document.querySelectorAll('section.case > details[open]').length") == 0
    assert browser.said() == []


def test_a_link_to_a_frame_opens_all_that_it_lies_in(browser, page):
    path = page("msk_under_another_muk", "missed_update")
    browser.open(path, fragment="#c0-0-44")
    assert browser.run("document.getElementById('c0-0-44').open && document.querySelector('#c0 > details').open")
    assert browser.run("document.activeElement.closest('details').id") == "c0-0-44"
    browser.open(path, fragment="#c1-u0")
    assert browser.run("document.getElementById('c1-u0').open && document.querySelector('#c1 > details').open")
    assert not browser.run("document.querySelector('#c1-u0 details').open")
    browser.open(path)
    assert not browser.run("document.getElementById('c0-0-44').open")
    browser.run("location.hash = '#c0-0-44'; new Promise((done) => setTimeout(done, 50))")
    assert browser.run("document.getElementById('c0-0-44').open")


def test_a_field_shows_its_octets(browser, page):
    browser.open(page("msk_under_another_muk"), fragment="#c0-0-44")
    found = browser.run("""
        (() => {
          const leaf = [...document.querySelectorAll('#c0-0-44 .tree li')]
            .find((each) => each.firstChild.textContent === 'mikey.rand.data');
          leaf.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
          return [leaf.querySelector('span').textContent, [...CSS.highlights.get('field')].map(String)];
        })()
    """)
    value, ranges = found
    assert "".join(ranges[::2]).replace(" ", "") == value
    assert len("".join(ranges[1::2])) == len(value) // 2


def test_nothing_of_a_capture_acts(browser, page):
    browser.open(page("msk_under_another_muk", called=EVIL))
    assert browser.said() == []
    assert browser.run("document.title").startswith("keyshark: 1 case")
    assert browser.run("document.querySelector('.case h2').textContent") == EVIL
    assert browser.run("document.scripts.length") == 1
    # and if something were to slip in, the policy of the page would stop it
    browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title=1\">')")
    browser.run("new Promise((done) => setTimeout(done, 50))")
    assert browser.run("document.title").startswith("keyshark: 1 case")
    assert "Content Security Policy" in json.dumps(browser.said())
