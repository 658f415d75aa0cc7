"""Keeps the secret part of an address out of the log: whoever reads a log must not be able to open what it opens."""

import logging
import re


class WithoutSecrets(logging.Filter):
    """Write "…" for what follows one of these folders of the site, in either language, wherever a line names it."""

    def __init__(self, folders):
        super().__init__()
        self.pattern = re.compile(rf"(?<![\w])((?:/cy)?/(?:{'|'.join(folders)})/)[^/\s?'\"]+")

    def filter(self, record):
        told = record.getMessage()
        hidden = self.pattern.sub(r"\1…", told)
        if hidden != told:
            record.msg, record.args = hidden, ()
        return True
