"""Turns HTML into accessible PDF: one typesetter for the brochure, the letters and the reports.

Every document is PDF/UA-1. Only our own fonts and drawings can be fetched while it is set, so that text written
by a provider can make the typesetter read nothing else. Setting takes seconds: never call it inside a transaction.
"""

import atexit
import base64
import contextlib
import functools
import io
import logging
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pydyf
import qrcode
from django.conf import settings
from django.utils.safestring import mark_safe

FONT_FAMILY = "Atkinson Hyperlegible Next"
# A family split into latin and latin-ext files prints wrong letters for ŵ and ŷ: one whole file a weight.
WEIGHTS = {400: "Regular", 600: "SemiBold", 700: "Bold", 800: "ExtraBold"}
PANGO = (
    "PDF needs Pango, which is missing on this machine. "
    "Install it with: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
)
# The HTML tags whose lang is told to a screen reader, with their names in PDF.
SPOKEN_PARTS = {"article": "/Art", "section": "/Sect", "div": "/Div", "h3": "/H3", "h4": "/H4", "p": "/P"}
FONTS = "PDF needs the fonts, which are not built on this machine. Build them with: make setup"


class CannotPrint(Exception):
    """Something PDF needs is missing; the message is one line that says what, and how to get it."""


@dataclass(frozen=True)
class Paper:
    """A finished PDF."""

    content: bytes
    pages: int


def typeset(html, *, css=(), images=None, step=None):
    """Return the Paper of a whole HTML document (with lang and title), as PDF/UA-1.

    `css` lists style sheets as paths or as text; the fonts are always there. `images` maps a name to
    PNG, JPEG or SVG bytes, which the document uses as src="image:NAME". `step` is called once a page while they are
    laid out, for a progress bar. Raises CannotPrint.
    """
    weasyprint = _weasyprint()
    fetcher = _fetcher()(images or {})
    fonts, faces = _fonts()
    sheets = [faces] + [
        weasyprint.CSS(filename=sheet, font_config=fonts, url_fetcher=fetcher)
        if isinstance(sheet, Path)
        else weasyprint.CSS(string=sheet, font_config=fonts, url_fetcher=fetcher)
        for sheet in css
    ]
    source = weasyprint.HTML(string=html, base_url=_folders()[0].as_uri() + "/", url_fetcher=fetcher)
    with _pages_told(step):
        document = source.render(stylesheets=sheets, font_config=fonts)
    content = document.write_pdf(finisher=_finish, pdf_variant="pdf/ua-1", uncompressed_pdf=False)
    return Paper(content=content, pages=len(document.pages))


@contextlib.contextmanager
def _pages_told(step):
    """Call `step` for each page: the typesetter tells of its progress only in its log."""
    log = logging.getLogger("weasyprint.progress")
    level, handler = log.level, logging.Handler()
    handler.emit = lambda record: step() if "Creating layout" in record.msg else None
    if step:
        log.setLevel(logging.INFO)
        log.addHandler(handler)
        log.propagate = False
    try:
        yield
    finally:
        log.setLevel(level)
        log.removeHandler(handler)
        log.propagate = True


def draw_qr(text):
    """Return a QR code of the text (level M) as PNG bytes, four dots a module, with its quiet zone."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=4, border=4)
    code.add_data(text)
    code.make(fit=True)
    file = io.BytesIO()
    code.make_image().save(file, format="PNG", optimize=True)
    return file.getvalue()


# Kept for the brochure, which prints the same addresses again and again; a secret is drawn by draw_qr and not kept.
qr_png = functools.lru_cache(maxsize=4096)(draw_qr)


def qr_source(text):
    """Return the QR code of a text as the src of an <img>; say in its alt what it opens."""
    return mark_safe("data:image/png;base64," + base64.b64encode(qr_png(text)).decode())


def _weasyprint():
    try:
        import weasyprint
    except OSError as error:
        raise CannotPrint(PANGO) from error
    return weasyprint


def _folders():
    """Return the folders a document may read from: our own drawings and the built fonts."""
    static = Path(settings.BASE_DIR) / "voucher" / "static"
    return [static, Path(settings.BASE_DIR) / "brochure" / "print"]


@functools.cache
def _fetcher():
    weasyprint = _weasyprint()

    class OwnFilesOnly(weasyprint.URLFetcher):
        """Fetches data: addresses, the document's own images, and files in our own folders; nothing else."""

        def __init__(self, images):
            super().__init__(allowed_protocols={"data", "file"}, allow_redirects=False)
            self._images = images

        def fetch(self, url, headers=None):
            if url.startswith("image:") and (content := self._images.get(url.removeprefix("image:"))):
                drawn = "image/jpeg" if content.startswith(b"\xff\xd8") else "image/svg+xml"
                kind = "image/png" if content.startswith(b"\x89PNG") else drawn
                url = f"data:{kind};base64,{base64.b64encode(content).decode()}"
            elif url.startswith("file:"):
                path = Path(unquote(urlsplit(url).path)).resolve()
                if not any(path.is_relative_to(folder.resolve()) for folder in _folders()):
                    raise ValueError("A document may read only its own fonts and drawings.")
            return super().fetch(url, headers)

    return OwnFilesOnly


@functools.cache
def _fonts():
    """Return the font configuration and its style sheet, read once a process. Raises CannotPrint."""
    weasyprint = _weasyprint()
    from weasyprint.text.fonts import FontConfiguration

    folder = _folders()[0] / "build" / "fonts"
    configuration = FontConfiguration()
    # The fonts must be let go while the interpreter still stands, or it complains as it leaves.
    atexit.register(_fonts.cache_clear)
    faces = []
    for weight, name in WEIGHTS.items():
        path = folder / f"AtkinsonHyperlegibleNext-{name}.ttf"
        if not path.exists():
            raise CannotPrint(FONTS)
        faces.append(
            f'@font-face {{ font-family: "{FONT_FAMILY}"; font-weight: {weight}; src: url("{path.as_uri()}"); }}'
        )
    sheet = "\n".join(faces) + f'\nhtml {{ font-family: "{FONT_FAMILY}"; }}'
    return configuration, weasyprint.CSS(string=sheet, font_config=configuration, url_fetcher=_fetcher()({}))


def _finish(document, pdf):
    """Add what PDF/UA asks and the typesetter leaves out: printable links, and the language of each part."""
    for item in pdf.objects:
        if isinstance(item, dict) and item.get("Subtype") == "/Link":
            item["F"] = 4
    _say_what_headers_head(pdf)
    for tag, kind in SPOKEN_PARTS.items():
        languages = [box.element.get("lang") for page in document.pages for box in _boxes(page._page_box, tag)]
        parts = [item for item in pdf.objects if isinstance(item, dict) and item.get("S") == kind]
        # Parts are made in the order of their boxes, so the two lists go side by side.
        if len(languages) == len(parts):
            for language, part in zip(languages, parts, strict=True):
                if language:
                    part["Lang"] = pydyf.String(language)


def _boxes(box, tag):
    """Yield the boxes of one HTML tag in reading order."""
    box = getattr(box, "_box", box)
    if getattr(box, "element", None) is not None and box.element_tag == tag:
        yield box
    for child in getattr(box, "children", ()):
        yield from _boxes(child, tag)


def _say_what_headers_head(pdf):
    """Say of each header cell of a table whether it heads a column or a row."""
    parts = {item.reference: item for item in pdf.objects if isinstance(item, dict) and "S" in item}
    for part in parts.values():
        if part["S"] == "/TH":
            row = parts[part["P"]]
            in_head = parts[row["P"]]["S"] == "/THead"
            part["A"]["Scope"] = "/Column" if in_head else "/Row"
