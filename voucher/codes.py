"""The secret on a voucher: how it is made, read back from what people type, and kept as a keyed hash.

A code is eleven random symbols of Crockford's alphabet (55 bits) and one check symbol over GF(32), printed as
XXXX-XXXX-XXXX. The check catches every wrong symbol and every swap of two, so a slip of the finger is found in
the browser (voucher/assets/code.js does the same sum) and never counts as a guess.
"""

import enum
import hashlib
import hmac
import re
import secrets
import unicodedata

from django.conf import settings

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U
LENGTH = 12
GROUP = 4

_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
_FORGIVEN = re.compile(r"[\s\-‐‑‒–—−._]+")

# What nobody should find on a letter, in either language: insults, the body, and death.
BANNED = """
    ANAL ANUS ARSE BITCH BOLLOCK BOLOX BOOB BUGGER BUM CLIT COCK COON CRAP CUM CUNT CUNNY DAGO DAMN DEAD DEATH DICK
    DIE DILDO DYKE FAG FAGGOT FANNY FART FUCK FUK GASH GIMP GIT GOOK HATE HELL HOMO HORNY IDIOT JERK KILL KKK
    KNOB LESBO LOSER MAD MINGE MONG MORON MUFF NAZI NIGGA NIGGER NOB NUT PAEDO PAKI PEDO PENIS PERV PIG PISS POO
    POOF POOP PORN PRAT PRICK PUBE PUSSY RAPE RECTUM RETARD SCAB SCROTE SCUM SEX SHAG SHIT SICK SKANK SLAG SLUT
    SMEG SNATCH SOD SPAZ SPERM SUCK TART TIT TOSS TURD TWAT UGLY VAGINA WANK WHORE WOG YOB
    ANGAU BASTAD BEDD BRONNAU CACHU CACHGI CEDOR CLEFYD CNUCH COC CODEN CONT DIAWL DIN FFWC FFYC FFWCIO
    GWALLGO HWR HWREN HWRAN HYLL LLADD LLOCH MAROL MARW MOCHYN PIDIN PIDLEN PISO PUTAIN PWDR RHECH RHEGI RHYW
    SALW SGRAM SLWT TETH TIN TWLLDIN TWP UFFERN WFFTIO WANC YSGARTH
""".split()  # noqa: SIM905

# Symbols that stand for a letter on paper; letters that a code cannot have are seen in what looks like them.
_LOOKS_LIKE = {"A": "A4", "B": "B8", "E": "E3", "G": "G69", "I": "1", "L": "1", "O": "0Q", "S": "S5", "T": "T7"}
_LOOKS_LIKE |= {"U": "V", "Z": "Z2", "Q": "Q9", "P": "P9"}
_RUDE = re.compile("|".join("".join(f"[{_LOOKS_LIKE.get(letter, letter)}]" for letter in word) for word in BANNED))


class Fault(enum.StrEnum):
    """What is wrong with a typed code, found without asking the database."""

    EMPTY = "empty"
    SHORT = "short"
    LONG = "long"
    SYMBOL = "symbol"
    CHECK = "check"


def generate():
    """Return a new code, "XXXX-XXXX-XXXX", that spells no rude word in English or Welsh."""
    while True:
        body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
        code = body + check_symbol(body)
        if not is_rude(code):
            return grouped(code)


def check_symbol(body):
    """Return the twelfth symbol for eleven: the sum of d·α^(i+1) over GF(32), x⁵ + x² + 1."""
    # Horner's rule from the last symbol: each step multiplies all that came so far by α.
    total = 0
    for symbol in reversed(body):
        total = _times_alpha(total ^ _VALUES[symbol])
    return ALPHABET[total]


def _times_alpha(value):
    value <<= 1
    return value ^ 0b100101 if value & 0b100000 else value


def normalise(text):
    """Return the code's symbols as they are hashed: capitals, no spaces or dashes, I and L read as 1, O as 0."""
    text = unicodedata.normalize("NFKC", str(text)[:80]).upper()
    return _FORGIVEN.sub("", text).translate(_MISREAD)


def fault(text):
    """Return the Fault of what was typed, or None for a code that could exist."""
    code = normalise(text)
    if not code:
        return Fault.EMPTY
    if any(symbol not in _VALUES for symbol in code):
        return Fault.SYMBOL
    if len(code) != LENGTH:
        return Fault.SHORT if len(code) < LENGTH else Fault.LONG
    return None if check_symbol(code[:-1]) == code[-1] else Fault.CHECK


def is_well_formed(text):
    return fault(text) is None


def is_rude(code):
    """True when the code, read without dashes and with look-alike digits as letters, holds a banned word."""
    return _RUDE.search(normalise(code)) is not None


def grouped(code):
    """Return the code as it is printed: three groups of four."""
    code = normalise(code)
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def last_four(code):
    return normalise(code)[-4:]


def digest(code):
    """Return (key id, hex) of the code under the key that signs today: the last of settings.CODE_KEYS."""
    key_id = list(settings.CODE_KEYS)[-1]
    return key_id, _keyed(settings.CODE_KEYS[key_id], code)


def candidates(code):
    """Return the code's digests under every key, so that letters signed with an earlier key still open."""
    return [_keyed(key, code) for key in settings.CODE_KEYS.values()]


def _keyed(key, code):
    # The prefix keeps these hashes apart from any other use of the same key.
    return hmac.new(key.encode(), b"award code:" + normalise(code).encode(), hashlib.sha256).hexdigest()
