"""A browser that watches itself: what it complains of is kept, and each page can be looked at closely."""

import re
import shutil
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import polib
from django.conf import settings
from playwright.sync_api import expect, sync_playwright

from tests.journeys import measures

CHROMIUM = {
    # The one without windows takes half the time; any other will do.
    "executable_path": shutil.which("chromium-headless-shell") or shutil.which("chromium"),
    "args": ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
}
# Milliseconds until a page that does nothing has failed: a machine with much to do is slow, and not wrong.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)
PHONE, DESKTOP = 360, 1280
# A page is one template in two languages: each is looked at closely once, the longer words on the smaller screen.
WIDTHS = {"en": (DESKTOP,), "cy": (PHONE,)}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
CATALOGUE = Path(settings.BASE_DIR) / "voucher" / "locale" / "cy" / "LC_MESSAGES" / "django.po"

# The words of a page, seen or heard: the text itself, and what stands in attributes for a reader.
ALL_WORDS = """() => {
  const said = ['alt', 'aria-label', 'title', 'placeholder'];
  const spoken = [...document.querySelectorAll('*')].flatMap(each => said.map(name => each.getAttribute(name)));
  const text = document.body.cloneNode(true);
  // What says that it is in the other language may be in it.
  const other = `[lang]:not([lang=${document.documentElement.lang}])`;
  text.querySelectorAll(`script, ${other}`).forEach(each => each.remove());
  return [document.title, text.textContent, ...spoken].filter(Boolean).join(' | ');
}"""
COMPLAIN = "document.addEventListener('securitypolicyviolation', e => console.error('CSP: ' + e.violatedDirective))"


@contextmanager
def chromium():
    with sync_playwright() as play:
        browser = play.chromium.launch(**CHROMIUM)
        try:
            yield browser
        finally:
            browser.close()


def open_page(browser, complaints, **options):
    """Return a page of its own context: nobody else's cookies. What it complains of is added to `complaints`."""
    page = browser.new_context(viewport={"width": DESKTOP, "height": 900}, **options).new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(COMPLAIN)
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url) if not is_download(request) else None)
    page.on("response", lambda got: complaints.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    return page


def is_download(request):
    """A page that is left for a file looks like a request that failed."""
    return "ERR_ABORTED" in (request.failure or "")


def look_closely(page, language, widths=None):
    """Return every fault of the page as it stands: barriers, what does not fit a narrow screen, English in Welsh."""
    # Half of a page that is still coming has no heading yet.
    page.wait_for_load_state()
    where = f"/{page.url.split('/', 3)[3]}"
    faults = []
    if page.evaluate("document.documentElement.lang") != language:
        faults.append(f"{where}: is not in {language}")
    if page.locator("h1").count() != 1:
        faults.append(f"{where}: {page.locator('h1').count()} headings of the first order")
    for width in widths or WIDTHS[language]:
        page.set_viewport_size({"width": width, "height": 900})
        faults += [f"{where} at {width}: {fault}" for fault in barriers(page)]
    faults += [f"{where}: {fault}" for fault in measures.faults_of_fit(page)]
    page.set_viewport_size({"width": DESKTOP, "height": 900})
    if language == "cy":
        faults += [f"{where}: in English: {words}" for words in english_on(page)]
    return faults


def barriers(page):
    """Return what axe finds, each with the element that it is about."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES)
    return [
        f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]} {each['nodes'][0]['failureSummary'][:200]}"
        for each in found["violations"]
    ]


def english_on(page):
    """Return every piece of an English sentence of ours that a Welsh page still says."""
    text = _plain(page.evaluate(ALL_WORDS))
    return [piece for piece in _english() if f" {piece} " in text]


@cache
def _english():
    """The English pieces of three words or more; a piece is what stands between the figures of a sentence."""
    entries = [each for each in polib.pofile(str(CATALOGUE)) if not each.obsolete]
    welsh = " ".join(_plain(" ".join([each.msgstr, *each.msgstr_plural.values()])) for each in entries)
    pieces = {
        _plain(piece).strip()
        for each in entries
        for sentence in (each.msgid, each.msgid_plural)
        for piece in re.split(r"%\(\w+\)[sd]|%[sd]|<[^>]+>", sentence)
    }
    # A name that is the same in both languages is no English left over.
    return sorted(piece for piece in pieces if len(piece.split()) >= 3 and f" {piece} " not in welsh)


def _plain(text):
    """Return the bare words of a text in small letters, with a space at both ends."""
    words = re.findall(r"[^\W_]+(?:[’'][^\W_]+)*|[^\w\s]", text.lower())
    return f" {' '.join(words)} "
