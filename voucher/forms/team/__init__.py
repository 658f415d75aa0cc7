"""The forms of the carers team."""
