"""Bar charts as SVG, drawn on the server: the same on a page that refuses scripts and inline styles, and in a PDF.

A chart never stands alone: a table beside it says the same in words and figures.
"""

from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, ROW, BAR = 440, 46, 18
INK = "#2b1b28"


@dataclass(frozen=True)
class Bar:
    """One bar: its words, its size, its size in words, and its colours ("mid" fills, "ink" outlines)."""

    label: str
    value: int
    text: str
    colours: dict[str, str]


def bars(rows: list[Bar], *, title: str, font: str = "inherit", most: int | None = None) -> SafeString:
    """Return the chart as SVG with a title for those who do not see it.

    The longest bar fills the width, or a bar of `most` would: 100 for shares in per cent.
    """
    most = most or max((row.value for row in rows), default=0) or 1
    drawn = format_html_join(
        "",
        '<text x="0" y="{}" font-size="17" fill="{}">{}</text>'
        '<text x="{}" y="{}" font-size="17" font-weight="700" text-anchor="end" fill="{}">{}</text>'
        '<rect x="0.5" y="{}" width="{}" height="{}" rx="4" fill="{}" stroke="{}"/>',
        (
            (
                ROW * number + 15,
                INK,
                row.label,
                WIDTH,
                ROW * number + 15,
                INK,
                row.text,
                ROW * number + 21,
                max(round((WIDTH - 1) * row.value / most), 3),
                BAR,
                row.colours["mid"],
                row.colours["ink"],
            )
            for number, row in enumerate(rows)
        ),
    )
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" viewBox="0 0 {} {}" width="{}" height="{}" '
        'font-family="{}"><title>{}</title>{}</svg>',
        WIDTH,
        max(ROW * len(rows), 1),
        WIDTH,
        max(ROW * len(rows), 1),
        font,
        title,
        drawn,
    )
