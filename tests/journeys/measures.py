"""What is measured of a page in a real browser: its weight, whether it moves, fits, and is reached by keys."""

from dataclasses import dataclass

# Compressed bytes of a first visit, the font left out and counted in.
MOST_BYTES, MOST_BYTES_WITH_FONT = 60_000, 115_000
PHONE = {"width": 360, "height": 740}
# A screen of 1280 × 1024 enlarged four times has room for this, and so has the narrowest telephone.
ENLARGED = {"width": 320, "height": 256}

WATCH_SHIFTS = """
  window.shifts = [];
  new PerformanceObserver(list => list.getEntries().forEach(each => window.shifts.push(
    [each.value, each.sources.map(source => source.node && source.node.outerHTML || '').join(' ').slice(0, 160)])))
    .observe({type: 'layout-shift', buffered: true});
"""

# From the moment it is painted, and some frames to see it stand: who scrolls sooner sees nothing move. Down to the
# end, step by step, where pictures are fetched late; then until all is there, and some frames more, because what
# moves is told only after it has moved.
LOOK_THROUGH = """async () => {
  const frame = () => new Promise(done => requestAnimationFrame(done));
  for (let n = 0; n < 300 && !performance.getEntriesByName('first-contentful-paint').length; n++) await frame();
  for (let n = 0; n < 6; n++) await frame();
  for (let y = 0; y < document.body.scrollHeight; y += innerHeight) { scrollTo(0, y); await frame(); }
  const there = image => image.complete || new Promise(done => { image.onload = image.onerror = done; });
  const late = new Promise(done => setTimeout(done, 3000));
  await Promise.race([late, Promise.all([document.fonts.ready, ...[...document.images].map(there)])]);
  await frame(); await frame(); await new Promise(done => setTimeout(done, 60));
}"""

# What goes over the edge of the screen, or is cut off by its own box. A region that scrolls by itself may be wide.
OVER_THE_EDGE = """() => {
  const scrolls = element => {
    for (let box = element; box && box !== document.body; box = box.parentElement)
      if (['auto', 'scroll'].includes(getComputedStyle(box).overflowX)) return true;
    return false;
  };
  const hidden = element => element.closest('.govuk-visually-hidden, .govuk-skip-link, [hidden], svg, noscript');
  const faults = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) faults.push(`${wide} pixels wide on a screen of ${innerWidth}`);
  for (const element of document.querySelectorAll('body *')) {
    const says = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    const presses = element.matches('input, select, textarea, button, img');
    if (!says && !presses || hidden(element) || !element.checkVisibility()) continue;
    const box = element.getBoundingClientRect(), style = getComputedStyle(element);
    const name = element.outerHTML.slice(0, 120);
    if ((box.right > innerWidth + 1 || box.left < -1) && !scrolls(element)) faults.push(`over the edge: ${name}`);
    if (says && style.overflowX !== 'visible' && !scrolls(element) && element.scrollWidth > element.clientWidth + 1)
      faults.push(`cut off: ${name}`);
  }
  return faults;
}"""

# What the Tab key should come to: one of each group of round buttons, and nothing that is not shown.
CAN_BE_REACHED = """() => {
  const groups = new Set(), found = [];
  for (const element of document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')) {
    if (element.disabled || element.type === 'hidden' || element.tabIndex < 0 || !element.checkVisibility()) continue;
    if (element.type === 'radio') {
      const group = element.name + (element.form && element.form.action);
      if (groups.has(group)) continue;
      groups.add(group);
    }
    found.push(element);
  }
  window.toReach = found;
  window.reached = [];
  return found.length;
}"""

# Looks at what has the focus: can it be seen that it has, and is it itself in sight?
LOOK_AT_FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body || window.reached.includes(element)) return null;
  window.reached.push(element);
  const name = element.outerHTML.slice(0, 120), faults = [];
  const rings = what => {
    const style = getComputedStyle(...what);
    return [style.outlineStyle !== 'none' && style.outlineWidth, style.boxShadow, style.backgroundColor,
            style.borderStyle !== 'none' && style.borderColor, style.textDecorationLine].join();
  };
  const parts = [[element], [element, '::before']];
  const label = element.labels && element.labels[0];
  if (label) parts.push([label], [label, '::before']);
  const seen = parts.map(rings).join();
  element.blur();
  const unseen = parts.map(rings).join();
  element.focus({focusVisible: true, preventScroll: true});
  if (seen === unseen) faults.push(`looks the same with the focus: ${name}`);
  const box = element.getClientRects()[0] || element.getBoundingClientRect();
  const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
  const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
  if (right <= left || bottom <= top) return [...faults, `has the focus out of sight: ${name}`];
  const there = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  const own = there && (element.contains(there) || there.contains(element) || (label && label.contains(there)));
  if (!own) faults.push(`has the focus behind something else: ${name}`);
  return faults;
}"""
NOT_REACHED = """() => window.toReach.filter(element => !window.reached.some(
  each => each === element || (each.type === 'radio' && each.name === element.name))).map(
  element => element.outerHTML.slice(0, 120))"""

# Without scripts a button that sends nothing does nothing.
DEAD_BUTTONS = """() => [...document.querySelectorAll('button')].filter(
  each => each.checkVisibility() && !(each.type === 'submit' && each.form)).map(each => each.outerHTML.slice(0, 120))"""


@dataclass(frozen=True)
class Weight:
    """What a first visit brought over the wire, in bytes, headers included."""

    page: int
    styles_and_scripts: int
    pictures: int
    fonts: int

    @property
    def without_font(self):
        return self.page + self.styles_and_scripts + self.pictures

    @property
    def whole(self):
        return self.without_font + self.fonts


KINDS = {"Document": "page", "Stylesheet": "styles_and_scripts", "Script": "styles_and_scripts", "Font": "fonts"}


def first_visit(page, address):
    """Go to an address with an empty cache; return its Weight, and what moved while it came, as sentences."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    kind, weights = {}, {"page": 0, "styles_and_scripts": 0, "pictures": 0, "fonts": 0}
    session.on("Network.responseReceived", lambda event: kind.update({event["requestId"]: _kind(event)}))

    def done(event):
        weights[kind.get(event["requestId"], "pictures")] += int(event["encodedDataLength"])

    session.on("Network.loadingFinished", done)
    page.set_viewport_size(PHONE)
    page.add_init_script(WATCH_SHIFTS)
    page.goto(address)
    page.evaluate(LOOK_THROUGH)
    # A font that comes late is not used (font-display: optional), and counts all the same once it is there.
    for _look in range(200):
        if all((weights["page"], weights["styles_and_scripts"], weights["fonts"])):
            break
        page.wait_for_timeout(50)
    moved = [f"moves by {value:.4f}: {what}" for value, what in page.evaluate("window.shifts")]
    return Weight(**weights), moved


def _kind(event):
    address = event["response"]["url"]
    return "fonts" if address.endswith(".woff2") else KINDS.get(event["type"], "pictures")


def faults_of_fit(page):
    """Return what does not fit a screen of 320 pixels, which is also 1280 pixels enlarged four times."""
    page.set_viewport_size(ENLARGED)
    return page.evaluate(OVER_THE_EDGE)


def faults_of_keyboard(page, size):
    """Press Tab through the whole page; return what was not reached, or did not show that it was."""
    page.set_viewport_size(size)
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("document.activeElement && document.activeElement.blur()")
    faults = []
    # A field for a time is gone through hour by minute, and by its clock.
    times = page.locator("input[type=time]").count()
    for _press in range(page.evaluate(CAN_BE_REACHED) + 3 + 3 * times):
        page.keyboard.press("Tab")
        faults += page.evaluate(LOOK_AT_FOCUS) or []
    return faults + [f"Tab never comes to {name}" for name in page.evaluate(NOT_REACHED)]


def dead_buttons(page):
    """Return the buttons of a page without scripts that do nothing when they are pressed."""
    return page.evaluate(DEAD_BUTTONS)
