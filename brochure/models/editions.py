"""Frozen, numbered issues of the printed brochure."""

from django.db import models

from accounts.models import Council, Language, User
from brochure.models.offers import Offer, OfferPrice


class Edition(models.Model):
    """One frozen, numbered issue of the printed brochure of one region or council."""

    number = models.PositiveIntegerField(unique=True)
    made_on = models.DateField()
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # Prices are promised until this day, inclusive.
    prices_until = models.DateField()
    # Whom to ring and what is free to all, as they stood; brochure.editions writes and reads it.
    printed = models.JSONField(default=dict)

    class Meta:
        ordering = ["-number"]

    def __str__(self):
        return f"Edition {self.number}"


class EditionOffer(models.Model):
    """An offer as it stood when the edition was made: text, price and place are copies, not links."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="offers")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+")
    council = models.ForeignKey(Council, models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    price_pence = models.PositiveIntegerField()
    # Everything else that is printed, as brochure.editions writes and reads it.
    printed = models.JSONField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["edition", "offer"], name="offer_is_printed_once_an_edition")]

    def __str__(self):
        return f"{self.edition_id}/{self.position}"

    @property
    def rates_printed(self):
        """{rate: pence} of all that was printed of its price, the standard price first."""
        others = {row.rate: row.price_pence for row in self.rates.all()}
        rates = OfferPrice.Rate
        return {rates.STANDARD: self.price_pence} | {rate: others[rate] for rate in rates if rate in others}


class EditionRate(models.Model):
    """What an edition printed for evenings, weekends or bank holidays, in pence; the promise holds for it too."""

    printed_offer = models.ForeignKey(EditionOffer, models.CASCADE, related_name="rates")
    rate = models.CharField(max_length=12, choices=OfferPrice.Rate)
    price_pence = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["printed_offer", "rate"], name="rate_is_printed_once")]

    def __str__(self):
        return f"{self.printed_offer_id} {self.rate}"


class EditionFile(models.Model):
    """The finished PDF of an edition in one language and size; made once and kept."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="files")
    language = models.CharField(max_length=2, choices=Language)
    large_print = models.BooleanField(default=False)
    pages = models.PositiveSmallIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "language", "large_print"], name="one_file_an_edition_and_language"
            ),
        ]

    def __str__(self):
        return f"{self.edition_id} {self.language}"
