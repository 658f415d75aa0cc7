"""Reads what a carer types as people say it, in English or Welsh: "a haircut on Thursday", "nofio yfory".

Days, times and parts of the day, a distance and the wish for Welsh are taken out of the words; what is left is
looked for in the offers. Nothing is guessed where the words say nothing, and everything read can be changed.
"""

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from accounts import wording
from brochure.synonyms import folded

MORNING, AFTERNOON, EVENING = "morning", "afternoon", "evening"
NOON = 12 * 60
# "At two" means the afternoon: nobody is looking for a break at two in the night.
FIRST_MORNING_HOUR = 8


def _words(text):
    return text.split()


NUMBERS = {
    word: number
    for number, words in enumerate(
        _words(
            "one/un two/dau/dwy/ddau/ddwy three/tri/dri/tair pedwar/four/bedwar/pedair pump/five/bump/pum "
            "six/chwech/chwe seven/saith eight/wyth nine/naw ten/deg/ddeg eleven/unarddeg twelve/deuddeg/ddeuddeg"
        ),
        1,
    )
    for word in words.split("/")
}
ENGLISH_DAYS = {
    name: number
    for number, names in enumerate(
        _words(
            "monday/mon tuesday/tue/tues wednesday/wed/weds thursday/thu/thur/thurs friday/fri saturday/sat sunday/sun"
        )
    )
    for name in names.split("/")
}
WELSH_DAYS = {
    name: number
    for number, names in enumerate(
        _words("llun/lun mawrth/fawrth mercher/fercher iau gwener/wener sadwrn/sadyrnau sul/suliau")
    )
    for name in names.split("/")
}
# A Welsh day is named after one of these; "mawrth" alone is March, and "llun" alone a picture.
BEFORE_A_WELSH_DAY = {
    **dict.fromkeys(["dydd", "ddydd", "nydd"], ""),
    **dict.fromkeys(["bore", "fore"], MORNING),
    **dict.fromkeys(["prynhawn", "brynhawn", "phrynhawn", "pnawn", "bnawn", "p'nawn"], AFTERNOON),
    **dict.fromkeys(["nos", "noson"], EVENING),
}
STANDS_ALONE = {"mercher", "gwener", "sadwrn"}
PARTS = {
    "morning": MORNING,
    "mornings": MORNING,
    "afternoon": AFTERNOON,
    "afternoons": AFTERNOON,
    "evening": EVENING,
    "evenings": EVENING,
} | {word: part for word, part in BEFORE_A_WELSH_DAY.items() if part in {MORNING, AFTERNOON}}
DAYS_FROM_TODAY = {
    **dict.fromkeys(["today", "heddiw"], 0),
    **dict.fromkeys(["tomorrow", "yfory", "fory"], 1),
    "trennydd": 2,
}
# Words that only lead to a day or a time, and go with it.
LEADING = frozenset(_words("on at this next the from by in around about ar am y yr yn o erbyn tua rhwng between"))
FOLLOWING = frozenset(_words("next nesaf nesa hwn hon yma"))
MONTHS = {
    form: number
    for names in wording.MONTHS.values()
    for number, name in enumerate(names, 1)
    for form in {folded(name), folded(name)[:3]}
} | {"fawrth": 3, "ebr": 4, "fai": 5, "fehefin": 6, "orffennaf": 7, "fedi": 9, "dachwedd": 11, "ragfyr": 12, "sept": 9}
TIME = re.compile(r"(\d{1,2})(?:[:.](\d\d))?(am|pm|yb|yp|yh)?")
ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|af|ail|ydd|fed|eg|ain)?")
# "2-4.30pm" and "14:00–16:30", but not the dashes of 2026-12-03.
SPAN = re.compile(r"(?<![\d-])(\d{1,2}(?:[:.]\d\d)?(?:am|pm|yb|yp|yh)?)\s*[-–—]\s*(\d{1,2})(?![\d-])", re.IGNORECASE)
O_CLOCK = (["o'clock"], ["oclock"], ["o'r", "gloch"], ["or", "gloch"])
HALF_PAST = (["half", "past"], ["hanner", "awr", "wedi"])
SPEAKS_WELSH = (
    ["welsh-speaking"],
    ["welsh", "speaking"],
    ["welsh", "speaker"],
    ["who", "speaks", "welsh"],
    ["speaks", "welsh"],
    ["in", "welsh"],
    ["yn", "gymraeg"],
    ["sy'n", "siarad", "cymraeg"],
    ["siarad", "cymraeg"],
    ["trwy'r", "gymraeg"],
    ["drwy'r", "gymraeg"],
)


@dataclass(frozen=True)
class Read:
    """What was read: the words that are left, and the wishes taken out of them; minutes count from midnight."""

    words: str = ""
    day: dt.date | None = None
    part: str = ""
    time: int | None = None
    until: int | None = None
    within_miles: int | None = None
    welsh: bool = False


def read(text, *, today):
    """Return what a few plain words say, as Read; days are the next such day after or on `today`."""
    tokens = SPAN.sub(r"\1 to \2", text).split()
    return _Reader(tokens, today).read()


class _Reader:
    """Goes through the words once; at each place the first reading that fits takes as many words as it needs."""

    def __init__(self, tokens, today):
        self.original, self.today = tokens, today
        self.tokens = [folded(token).strip(".,;:!?()\"“”'") for token in tokens]
        self.found = {}
        self.kept = []

    def read(self):
        at = 0
        while at < len(self.tokens):
            taken = self._take(at)
            if taken:
                while self.kept and folded(self.kept[-1]) in LEADING:
                    self.kept.pop()
            else:
                self.kept.append(self.original[at])
            at += taken or 1
        return Read(words=" ".join(self.kept).strip(" ,;.-"), **self.found)

    def _take(self, at):
        """Return how many words from here say something we read, having noted it; 0 for none."""
        readings = (self._weekday, self._near_day, self._date, self._times, self._length, self._part, self._others)
        return next((taken for reading in readings if (taken := reading(at))), 0)

    def _note(self, **wishes):
        # What was said first stays: "Thursday, or else Friday" looks on Thursday.
        self.found = {name: wish for name, wish in wishes.items() if wish not in (None, "")} | self.found

    def _word(self, at):
        return self.tokens[at] if at < len(self.tokens) else ""

    def _says(self, at, *phrases):
        """Return the length of the first phrase that stands here, or 0."""
        return next((len(words) for words in phrases if self.tokens[at : at + len(words)] == words), 0)

    def _weekday(self, at):
        word, number, part, taken = self._word(at), None, "", 1
        if word in ENGLISH_DAYS:
            number = ENGLISH_DAYS[word]
        elif word.removesuffix("s") in ENGLISH_DAYS and len(word) > 6:
            number = ENGLISH_DAYS[word.removesuffix("s")]
        elif word in BEFORE_A_WELSH_DAY and self._word(at + 1) in WELSH_DAYS:
            number, part, taken = WELSH_DAYS[self._word(at + 1)], BEFORE_A_WELSH_DAY[word], 2
        elif word in STANDS_ALONE:
            number = WELSH_DAYS[word]
        elif word in {"weekend", "penwythnos"} and self._word(at + 1) not in {"away", "i"}:
            number = calendar.SATURDAY
        if number is None:
            return 0
        self._note(day=self.today + dt.timedelta(days=(number - self.today.weekday()) % 7), part=part)
        return taken + (self._word(at + taken) in FOLLOWING)

    def _near_day(self, at):
        word = self._word(at)
        if word in {"tonight", "heno"}:
            self._note(day=self.today, part=EVENING)
            return 1
        if taken := self._says(at, ["day", "after", "tomorrow"]):
            self._note(day=self.today + dt.timedelta(days=2))
            return taken
        if word == "this" and self._word(at + 1) in PARTS:
            self._note(day=self.today, part=PARTS[self._word(at + 1)])
            return 2
        if word in PARTS and self._word(at + 1) in {"yma", "hwn"}:
            self._note(day=self.today, part=PARTS[word])
            return 2
        if word not in DAYS_FROM_TODAY:
            return 0
        self._note(day=self.today + dt.timedelta(days=DAYS_FROM_TODAY[word]))
        return 1

    def _date(self, at):
        if found := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", self._word(at)):
            return self._on(*map(int, found.groups())) and 1
        if found := re.fullmatch(r"(\d\d?)/(\d\d?)(?:/(\d{4}))?", self._word(at)):
            return self._on(int(found[3] or 0), int(found[2]), int(found[1])) and 1
        if found := ORDINAL.fullmatch(self._word(at)):
            skip = 2 if self._word(at + 1) in {"of", "o"} else 1
            if month := MONTHS.get(self._word(at + skip)):
                year = re.fullmatch(r"20\d\d", self._word(at + skip + 1))
                taken = skip + 1 + bool(year)
                return self._on(int(year[0]) if year else 0, month, int(found[1])) and taken
        if (month := MONTHS.get(self._word(at))) and (found := ORDINAL.fullmatch(self._word(at + 1))):
            return self._on(0, month, int(found[1])) and 2
        return 0

    def _on(self, year, month, number):
        """Note a date; without a year it is the next such day. False where there is none, or it has passed."""
        for candidate in [year] if year else [self.today.year, self.today.year + 1]:
            try:
                day = dt.date(candidate, month, number)
            except ValueError:
                continue
            if day >= self.today:
                # "Friday 11 December" is that Friday and not the next.
                self.found["day"] = day
                return True
        return False

    def _times(self, at):
        """Read "2pm", "at 2", "between 2 and 4.30pm", "rhwng 2 a 4yp", "before noon", "after 3pm"."""
        lead = self._says(at, ["before"], ["cyn"], ["until"], ["till"], ["tan"], ["by"], ["erbyn"])
        if lead:
            minute, taken, _sure = self._time(at + 1, needs_sign=True)
            if taken:
                self._note(until=minute)
            return lead + taken if taken else 0
        lead = self._says(
            at, ["after"], ["ar", "ol"], ["wedi"], ["from"], ["between"], ["rhwng"], ["at"], ["am"], ["o"]
        )
        minute, taken, sure = self._time(at + lead, needs_sign=False)
        if not taken:
            return 0
        joined = self._word(at + lead + taken) in {"to", "until", "till", "tan", "i", "hyd", "and", "a"}
        end, end_taken, end_sure = self._time(at + lead + taken + 1, needs_sign=False) if joined else (None, 0, False)
        if not end_taken:
            if not (sure or lead):
                return 0
            self._note(time=minute)
            return lead + taken
        if end_sure and not sure:
            # "2 to 4pm" begins in the afternoon too, "10 to 1pm" in the morning.
            minute = max(m for m in (minute % NOON, minute % NOON + NOON) if m < end or m < NOON)
        elif not (sure or end_sure or lead):
            return 0
        if end <= minute:
            end += NOON
        if end <= 24 * 60:
            self._note(time=minute, until=end)
        return lead + taken + 1 + end_taken

    def _time(self, at, *, needs_sign):
        """Return (minute of the day, words taken, whether it can only be a time), or (None, 0, False)."""
        if taken := self._says(at, ["midday"], ["noon"], ["hanner", "dydd"], ["ganol", "dydd"]):
            return NOON, taken, True
        half = self._says(at, *HALF_PAST)
        word = self._word(at + half)
        found = TIME.fullmatch(word)
        hour, minute, sign = (int(found[1]), int(found[2] or 0), found[3]) if found else (NUMBERS.get(word), 0, None)
        if hour is None or hour > 24 or minute > 59 or hour * 60 + minute > 24 * 60:
            return None, 0, False
        taken = half + 1
        if not sign and self._word(at + taken) in {"am", "pm", "yb", "yp", "yh"} and found:
            sign, taken = self._word(at + taken), taken + 1
        o_clock = self._says(at + taken, *O_CLOCK)
        sure = bool(sign or o_clock or half or (found and found[2]))
        if (needs_sign and not sure) or (not found and not (o_clock or half)) or (sign and hour > 12):
            return None, 0, False
        return _of_the_day(hour, minute + (30 if half else 0), sign), taken + o_clock, sure

    def _length(self, at):
        """Read "for 2 hours", "am ddwy awr" after a time: when it ends."""
        if self._word(at) not in {"for", "am"} or self._word(at + 2) not in {"hour", "hours", "awr"}:
            return 0
        word = self._word(at + 1)
        hours = int(word) if re.fullmatch(r"\d{1,2}", word, re.ASCII) else NUMBERS.get(word)
        start = self.found.get("time")
        if not hours or start is None or start + 60 * hours > 24 * 60:
            return 0
        self._note(until=start + 60 * hours)
        return 3

    def _part(self, at):
        if taken := self._says(at, ["gyda'r", "nos"], ["min", "nos"], ["yr", "hwyr"]):
            self._note(part=EVENING)
            return taken
        if self._word(at) not in PARTS:
            return 0
        self._note(part=PARTS[self._word(at)])
        return 1

    def _others(self, at):
        if taken := self._says(at, *SPEAKS_WELSH):
            self._note(welsh=True)
            return taken
        lead = self._says(at, ["within"], ["o", "fewn"])
        if lead and self._word(at + lead + 1) in {"mile", "miles", "filltir", "milltir"}:
            found = re.fullmatch(r"\d{1,2}", self._word(at + lead), re.ASCII)
            if found:
                self._note(within_miles=int(found[0]))
                return lead + 2
        return 0


def _of_the_day(hour, minute, sign):
    if sign in {"pm", "yp", "yh"}:
        hour = hour % 12 + 12
    elif sign in {"am", "yb"}:
        hour %= 12
    elif 1 <= hour < FIRST_MORNING_HOUR:
        hour += 12
    return hour * 60 + minute
