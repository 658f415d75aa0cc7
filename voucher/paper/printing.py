"""Letters on paper: the voucher that a carer holds, in both languages, as accessible PDF."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import paper
from accounts.models import Language
from voucher import codes
from voucher.models import Award, Carer
from voucher.paper import spelling

STYLE = Path(__file__).parent / "print" / "voucher.css"


@dataclass(frozen=True)
class Letter:
    """One voucher to print: the award (with its account, carer and council), its code in clear, and the print size."""

    award: Award
    code: str
    large: bool

    @property
    def languages(self):
        """The carer's language first; Welsh first where it was never asked."""
        return ("en", "cy") if self.award.carer.language == Language.ENGLISH else ("cy", "en")


# Both languages, on one side each, or in large print on both sides of a sheet each.
PAGES = {False: 2, True: 4}


def is_large(carer, *, all_large=False):
    return all_large or carer.print_size == Carer.PrintSize.LARGE


def voucher_letters(letters, *, on, step=None):
    """Return the Paper of all these letters, each beginning on a new sheet: one side a language, or two in large print.

    The codes stand in the document in clear: keep it no longer than it takes to print. `step` is called once a page.
    Raises accounts.paper.CannotPrint.
    """
    images, shown = {}, []
    for number, letter in enumerate(letters):
        for language in letter.languages:
            images[f"{number}-{language}"] = paper.draw_qr(f"{address(language)}#{letter.code}")
        shown.append(
            {
                "award": letter.award,
                "account": letter.award.account,
                "carer": letter.award.carer,
                "council": letter.award.council,
                "scheme": letter.award.council.scheme,
                "code": codes.grouped(letter.code),
                "groups": codes.grouped(letter.code).split("-"),
                "large": letter.large,
                "on": on,
                "sides": [_side(letter, number, language) for language in letter.languages],
            }
        )
    first_language = letters[0].languages[0] if letters else "cy"
    with override(first_language):
        html = render_to_string("print/voucher.html", {"letters": shown, "language": first_language})
    return paper.typeset(html, css=[STYLE.read_text()], images=images, step=step)


def address(language):
    """Return the address that a voucher's QR opens; the code follows after #, so that it never reaches a log."""
    return f"{settings.SITE_URL}{'/cy' if language == 'cy' else ''}/v/"


def _side(letter, number, language):
    shown = address(language).split("://", 1)[1].rstrip("/")
    with override(language):
        return {
            "language": language,
            "qr": f"image:{number}-{language}",
            "qr_words": _("QR code that opens your voucher. The code is %(code)s.")
            % {"code": codes.grouped(letter.code)},
            "spoken": spelling.groups(letter.code),
            "address": shown,
            # A long address under the QR breaks after a dot (a space of no width), never within a word.
            "address_to_break": shown.replace(".", ".\u200b").replace("/", "\u200b/"),
        }
