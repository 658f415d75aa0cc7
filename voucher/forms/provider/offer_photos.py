"""A photo of an offer as a provider sends it, and what it shows."""

from django import forms
from django.utils.translation import gettext_lazy as _

from brochure import photos

PHONE_FORMAT = _(
    "This photo is in a format of phones that we cannot read (HEIC). Choose it on the phone itself, which sends it as "
    "JPEG, or save it as JPEG first."
)


class WordsForm(forms.Form):
    """What a photo shows, in one language or in both."""

    alt_en = forms.CharField(
        label=_("What the photo shows, in English"),
        help_text=_("For people who cannot see it: “Two people plant beans in a raised bed”. One language is enough."),
        max_length=150,
        required=False,
    )
    alt_cy = forms.CharField(
        label=_("What the photo shows, in Welsh"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"lang": "cy"}),
    )

    def clean(self):
        cleaned = super().clean()
        if not (cleaned.get("alt_en") or cleaned.get("alt_cy")) and "alt_en" not in self.errors:
            self.add_error("alt_en", _("Say what the photo shows, in English or in Welsh."))
        return cleaned


class PhotoForm(WordsForm):
    """A photo, and what it shows."""

    photo = forms.FileField(
        label=_("Photo"),
        help_text=_(
            "JPEG, PNG or WebP, up to 10 MB. Nobody who could be recognised, unless they have agreed. On the card it "
            "is cut to a wide picture, so keep what matters in the middle."
        ),
        error_messages={"required": _("Choose a photo."), "empty": _("That file is empty. Choose another one.")},
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )

    field_order = ["photo", "alt_en", "alt_cy"]

    REFUSALS = {
        "kind": _("This is not a JPEG, PNG or WebP photo. Choose another file."),
        "heic": PHONE_FORMAT,
        "bytes": _("This photo is larger than 10 MB. Choose a smaller one."),
        "pixels": _("This photo has too many pixels. Choose a smaller one."),
        "small": _("This photo is too small. It needs 320 pixels on each side."),
        "broken": _("This photo cannot be read. Choose another one."),
    }

    def clean(self):
        cleaned = super().clean()
        if self.errors and "photo" not in self.errors:
            # A browser sends a file once: without this it would be missing the next time.
            self.add_error("photo", _("Choose the photo once more, because it could not be kept."))
        return cleaned

    def clean_photo(self):
        file = self.cleaned_data["photo"]
        if file.size > photos.BYTES_MOST:
            raise forms.ValidationError(self.REFUSALS["bytes"])
        try:
            return photos.draw(file.read())
        except photos.NotAPhoto as refused:
            raise forms.ValidationError(self.REFUSALS[refused.why]) from None
