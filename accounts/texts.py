"""Text messages: which numbers they reach, how they are written, and in how many parts they go.

A telephone company sends a text in parts. Written in the 128 signs of the old telephone alphabet (GSM-7) a part has
room for 160 of them, or 153 where there are several parts. One sign outside it, such as ŵ, ŷ, â or ê, makes it 70
and 67: Welsh costs more, and is not stripped of its accents for that. Free of it are à ä é è ì ò ö ù ü Ä É Ö Ü.
"""

import re

# The parts that a text of ours may need; a longer bilingual text goes as two.
PARTS_MOST = 3

ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# These take the room of two.
WIDE = frozenset("^{}\\[~]|€\f")
ONE_PART = {True: 160, False: 70}
PART_OF_MANY = {True: 153, False: 67}
# What a typesetter writes finely and a telephone writes plainly.
PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "…": "...", "\u00a0": " ", "\u200b": ""}
)
MOBILE = re.compile(r"(?:\+?44|0044|0)0?(7(?:[1-57-9]\d{8}|624\d{6}))")


def mobile(number):
    """Return a British mobile number as "+447700900123", or nothing where a text cannot reach the number."""
    digits = re.sub(r"[\s().-]", "", number)
    found = MOBILE.fullmatch(digits)
    return f"+44{found[1]}" if found else ""


def plain(text):
    """Return the text on one line, with plain quotation marks and dashes; letters keep their accents."""
    return " ".join(text.translate(PLAIN).split())


def parts(text):
    """Return in how many parts a text goes."""
    in_alphabet = all(sign in ALPHABET or sign in WIDE for sign in text)
    sizes = [_size(sign, in_alphabet) for sign in text]
    if sum(sizes) <= ONE_PART[in_alphabet]:
        return 1
    count, left = 1, PART_OF_MANY[in_alphabet]
    for size in sizes:
        # A sign that takes two places is never torn apart.
        if size > left:
            count, left = count + 1, PART_OF_MANY[in_alphabet]
        left -= size
    return count


def _size(sign, in_alphabet):
    if in_alphabet:
        return 2 if sign in WIDE else 1
    return len(sign.encode("utf-16-le")) // 2
