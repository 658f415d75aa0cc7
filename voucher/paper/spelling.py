"""Reading a code out: a word for every symbol, in English and in Welsh, chosen so that no two sound alike.

English has the alphabet of pilots and call centres, made for bad lines. Welsh has places, and names for the letters
that its own alphabet lacks: each word is written with the letter it stands for, and no two rhyme or begin alike.
"""

from django.utils.translation import get_language

from voucher import codes

WORDS = {
    "en": {
        **{"A": "Alpha", "B": "Bravo", "C": "Charlie", "D": "Delta", "E": "Echo", "F": "Foxtrot", "G": "Golf"},
        **{"H": "Hotel", "J": "Juliet", "K": "Kilo", "M": "Mike", "N": "November", "P": "Papa", "Q": "Quebec"},
        **{"R": "Romeo", "S": "Sierra", "T": "Tango", "V": "Victor", "W": "Whiskey", "X": "X-ray", "Y": "Yankee"},
        **{"Z": "Zulu", "0": "zero", "1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six"},
        **{"7": "seven", "8": "eight", "9": "nine"},
    },
    "cy": {
        **{"A": "Abertawe", "B": "Bangor", "C": "Caerdydd", "D": "Dolgellau", "E": "Eryri", "F": "Fiona"},
        **{"G": "Gwynedd", "H": "Hwlffordd", "J": "Jemima", "K": "Kevin", "M": "Machynlleth", "N": "Nadolig"},
        **{"P": "Pwllheli", "Q": "Quebec", "R": "Radio", "S": "Sanclêr", "T": "Tonypandy", "V": "Victor"},
        **{"W": "Wrecsam", "X": "X-ray", "Y": "Ystradgynlais", "Z": "Zoe", "0": "sero", "1": "un", "2": "dau"},
        **{"3": "tri", "4": "pedwar", "5": "pump", "6": "chwech", "7": "saith", "8": "wyth", "9": "naw"},
    },
}


def groups(code):
    """Return the code as it is read out in the active language: for each group of four its symbols and their words."""
    words = WORDS["cy" if (get_language() or "en").startswith("cy") else "en"]
    return [
        {"symbols": group, "words": [words[symbol] for symbol in group]} for group in codes.grouped(code).split("-")
    ]


def spoken(code):
    """Return the words of each group on one line: ["seven, Kilo, four, Papa", …]."""
    return [", ".join(group["words"]) for group in groups(code)]
