"""The journeys' own eyes see what they look for: a page with each fault is called out."""

import pytest

from tests.journeys import html, measures
from tests.journeys.browser import DESKTOP, PHONE, look_closely, open_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_english_in_welsh_a_barrier_and_a_sideways_scroll_are_seen(browser, live_server):
    page = open_page(browser, [])
    page.goto(f"{live_server.url}/")
    page.evaluate("document.querySelector('main').innerHTML += '<img src=\"/static/favicon.svg\" width=\"500\">'")

    faults = look_closely(page, "cy", (PHONE, DESKTOP))

    assert "/: is not in cy" in faults
    assert any("at 360: image-alt" in fault for fault in faults)
    assert any("at 1280: image-alt" in fault for fault in faults)
    assert any("pixels wide" in fault for fault in faults)
    assert "/: in English: type the code from your letter" in faults


def test_what_the_browser_complains_of_is_kept(browser, live_server):
    complaints = []
    page = open_page(browser, complaints)
    page.goto(f"{live_server.url}/")
    assert complaints == []

    with page.expect_event("console", lambda said: said.text.startswith("CSP: ")):
        page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'late = 1'}))")
    with page.expect_event("response", lambda got: got.status == 404):
        page.evaluate("fetch('/nowhere')")

    assert any("CSP: script-src" in each for each in complaints)
    assert any(each.startswith("404 ") for each in complaints)


def test_a_page_that_moves_is_seen_and_every_byte_is_counted(browser, live_server):
    page = open_page(browser, [])
    # After the page was painted: what comes before that moves nothing that anybody saw.
    page.add_init_script("""requestAnimationFrame(function look() {
        if (!performance.getEntriesByName('first-contentful-paint').length) return requestAnimationFrame(look);
        const late = document.createElement('div');
        late.className = 'govuk-button';
        document.querySelector('main').prepend(late);
    })""")

    weight, moved = measures.first_visit(page, f"{live_server.url}/")

    assert weight.page > 2_000 and weight.styles_and_scripts > 50_000 and weight.fonts > 30_000
    assert weight.whole == weight.without_font + weight.fonts
    assert any("moves by 0." in each for each in moved)


def put(page, html):
    page.evaluate("html => document.querySelector('main').insertAdjacentHTML('beforeend', html)", html)


WIDE = '<div id="box"><p id="wide">Some words that stay on one line, however narrow the screen may be</p></div>'


def test_what_does_not_fit_is_seen_and_what_scrolls_by_itself_is_not(browser, live_server):
    page = open_page(browser, [])
    page.goto(f"{live_server.url}/privacy/")
    put(page, WIDE)
    page.evaluate("document.querySelector('#wide').style.whiteSpace = 'nowrap'")
    page.evaluate("document.querySelector('#wide').style.display = 'inline-block'")
    faults = "\n".join(measures.faults_of_fit(page))
    assert "pixels wide on a screen of 320" in faults and 'over the edge: <p id="wide"' in faults

    page.evaluate("document.querySelector('#box').style.overflowX = 'auto'")

    assert measures.faults_of_fit(page) == []


def test_what_is_cut_off_is_seen(browser, live_server):
    page = open_page(browser, [])
    page.goto(f"{live_server.url}/privacy/")
    put(page, '<p id="cut">A sentence that is far too long for its box</p>')
    page.evaluate(
        "Object.assign(document.querySelector('#cut').style, {width: '5em', overflow: 'hidden', whiteSpace: 'nowrap'})"
    )

    assert any('cut off: <p id="cut"' in each for each in measures.faults_of_fit(page))


def test_keys_that_do_not_reach_or_do_not_show_are_seen(browser, live_server):
    page = open_page(browser, [])
    size = {"width": 1280, "height": 900}
    page.goto(f"{live_server.url}/privacy/")
    assert measures.faults_of_keyboard(page, size) == []
    put(page, '<a href="/" id="dull">Dull</a><a href="/" id="under">Under</a><a href="/" id="jumped">Jumped</a>')
    page.evaluate("""() => {
        for (const each of ['outline', 'box-shadow', 'background', 'border', 'text-decoration', 'transition'])
            document.querySelector('#dull').style.setProperty(each, 'none', 'important');
        document.querySelector('#under').addEventListener('focus', () => document.body.insertAdjacentHTML('beforeend',
            '<div id="over"></div>'));
        document.addEventListener('focusin', () => Object.assign((document.querySelector('#over') || {style: {}}).style,
            {position: 'fixed', inset: '0', background: 'white'}));
        document.querySelector('#under').addEventListener('keydown', event => {
            if (event.key === 'Tab') { event.preventDefault(); document.querySelector('footer a').focus(); }
        });
    }""")

    faults = "\n".join(measures.faults_of_keyboard(page, size))

    assert 'looks the same with the focus: <a href="/" id="dull"' in faults
    assert 'has the focus behind something else: <a href="/" id="under"' in faults
    assert 'Tab never comes to <a href="/" id="jumped"' in faults


def test_a_dead_button_is_seen(browser, live_server):
    page = open_page(browser, [], java_script_enabled=False)
    page.set_content('<main><button type="button" id="dead">Nothing</button><form><button>Send</button></form></main>')

    assert [each[:26] for each in measures.dead_buttons(page)] == ['<button type="button" id="']


def test_html_that_breaks_the_standard_is_seen():
    good = '<!DOCTYPE html><html lang="en"><head><title>A page</title></head><body><h1>A page</h1>%s</body></html>'

    assert html.faults({"/good/": good % "<p>Words</p>"}) == []
    faults = html.faults({"/bad/": good % '<p id="a"></p><p id="a"><div>Words</div></p>'})
    assert any("/bad/, line 1: Duplicate ID" in each for each in faults)
    assert any("Stray end tag" in each for each in faults)
