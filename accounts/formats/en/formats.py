"""How Django itself writes dates and numbers in English, where a page does not use our own words."""

DATE_FORMAT = "j F Y"
SHORT_DATE_FORMAT = "j M Y"
TIME_FORMAT = "g.ia"
DATETIME_FORMAT = "j F Y, g.ia"
SHORT_DATETIME_FORMAT = "j M Y, g.ia"
DATE_INPUT_FORMATS = ["%d/%m/%Y", "%Y-%m-%d", "%d %B %Y", "%d %b %Y"]
TIME_INPUT_FORMATS = ["%H:%M", "%H.%M", "%I.%M%p", "%I%p", "%I:%M%p"]
FIRST_DAY_OF_WEEK = 1
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
