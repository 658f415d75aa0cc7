"""Photos of an offer: what was sent is drawn anew in two sizes, so that nothing hidden in the file is kept."""

import io
import secrets
import struct
import warnings
from dataclasses import dataclass

from django.db import transaction
from PIL import Image, ImageFile, ImageOps

from accounts import history
from brochure.models import Offer, Photo
from providers import paper_files

State = Photo.State
PHOTOS_MOST = 4
BYTES_MOST = 10 * 1024 * 1024
# A JPEG is made smaller while it is read; any other is in memory as a whole.
PIXELS_MOST = {"JPEG": 52_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
SIDE_LEAST = 320
# A card is 16:9 and cut to it; the large one keeps its shape.
SMALL, LARGE_SIDE = (480, 270), 1280
SMALL_BYTES, LARGE_BYTES = 24_000, 220_000
QUALITIES = (76, 66, 56, 46, 36)
KEY_BYTES = 16
# Whatever reads a picture elsewhere keeps within this as well.
Image.MAX_IMAGE_PIXELS = max(PIXELS_MOST.values())


class NotAPhoto(Exception):
    """This file cannot be used; `why` is "kind", "heic", "bytes", "pixels", "small" or "broken"."""

    def __init__(self, why):
        super().__init__(why)
        self.why = why


class TooManyPhotos(Exception):
    """The offer has as many photos as it can have."""


@dataclass(frozen=True)
class Drawn:
    """A picture drawn anew: two JPEGs with nothing but the picture in them, and the size of the large one."""

    small: bytes
    large: bytes
    width: int
    height: int


def draw(content):
    """Return the Drawn of a JPEG, PNG or WebP file, told by its content; turned as the camera was held.

    How many bytes and pixels it has is looked at before anything is decoded. Raises NotAPhoto.
    """
    if len(content) > BYTES_MOST:
        raise NotAPhoto("bytes")
    kind = _kind(content)
    # The typesetter, once loaded, lets Pillow fill up what a cut-off file lacks with grey.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            if kind == "WEBP":
                _refuse_pixels(_size_of_webp(content), kind)
            picture = Image.open(io.BytesIO(content), formats=[kind])
            _refuse_pixels(picture.size, kind)
            picture.draft("RGB", (2 * LARGE_SIDE, 2 * LARGE_SIDE))
            picture = _plain(ImageOps.exif_transpose(picture))
    except NotAPhoto:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotAPhoto("pixels") from None
    except Exception:
        # A decoder given nonsense fails in many ways, and all of them mean the same to whoever sent it.
        raise NotAPhoto("broken") from None
    large = picture.copy()
    large.thumbnail((LARGE_SIDE, LARGE_SIDE), Image.Resampling.LANCZOS)
    small = ImageOps.fit(picture, SMALL, Image.Resampling.LANCZOS)
    return Drawn(_jpeg(small, SMALL_BYTES), _jpeg(large, LARGE_BYTES), *large.size)


@transaction.atomic
def add(*, offer, drawn, alt_en="", alt_cy="", by, now):
    """Add a picture that was drawn anew; it waits for the carers team. Raises TooManyPhotos."""
    Offer.objects.select_for_update(no_key=True).get(pk=offer.pk)
    there = kept(offer)
    if len(there) >= PHOTOS_MOST:
        raise TooManyPhotos
    photo = Photo.objects.create(
        offer=offer,
        key=secrets.token_urlsafe(KEY_BYTES),
        position=max((each.position for each in there), default=0) + 1,
        **{"alt_en": alt_en, "alt_cy": alt_cy, "width": drawn.width, "height": drawn.height},
        **{"small": drawn.small, "large": drawn.large, "added_by": by.user, "added_at": now},
    )
    _remember(photo, "photo.added", by, now)
    return photo


@transaction.atomic
def describe(*, photo, alt_en, alt_cy, by, now):
    """Say anew what a picture shows, for who cannot see it; it counts at once."""
    if Photo.objects.filter(pk=photo.pk).update(alt_en=alt_en, alt_cy=alt_cy):
        _remember(photo, "photo.described", by, now)


@transaction.atomic
def put_first(*, photo, by, now):
    """Show this picture on the cards and in print, before the offer's others."""
    Offer.objects.select_for_update(no_key=True).get(pk=photo.offer_id)
    others = [each for each in kept(photo.offer) if each.pk != photo.pk]
    for position, each in enumerate([photo, *others], start=1):
        Photo.objects.filter(pk=each.pk).update(position=position)
    _remember(photo, "photo.put_first", by, now)


def remove(*, photo, by, now):
    """Take a picture away, at once; a second press changes nothing. What was printed keeps its copy."""
    _move(photo, (State.WAITING, State.SHOWN), State.REMOVED, "photo.removed", by, now)


def approve(*, photo, by, now):
    """Let carers see a picture that waits; a second press changes nothing."""
    _move(photo, (State.WAITING,), State.SHOWN, "photo.approved", by, now)


def refuse(*, photo, reason, by, now):
    """Say no to a picture that waits, with a reason; returns whether it was still waiting."""
    return _move(photo, (State.WAITING,), State.REFUSED, "photo.refused", by, now, reason=reason)


def kept(offer):
    """Return the pictures of an offer that are shown or wait, in order, without their bytes."""
    rows = offer.photos.filter(state__in=[State.SHOWN, State.WAITING]).defer("small", "large")
    return list(rows.order_by("position", "pk"))


def shown(offers):
    """Return {offer's id: its pictures in the brochure, in order}, without their bytes; one query."""
    found = {}
    rows = Photo.objects.filter(offer__in=[each.pk for each in offers], state=State.SHOWN).defer("small", "large")
    for row in rows.order_by("position", "pk"):
        found.setdefault(row.offer_id, []).append(row)
    return found


def _kind(content):
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    raise NotAPhoto("heic" if paper_files.is_heic(content) else "kind")


def _refuse_pixels(size, kind):
    width, height = size
    if width * height > PIXELS_MOST[kind]:
        raise NotAPhoto("pixels")
    if min(width, height) < SIDE_LEAST:
        raise NotAPhoto("small")


def _size_of_webp(content):
    """Return the size that the head of a WebP file tells: its decoder takes the memory for it when it opens one."""
    chunk = content[12:16]
    if chunk == b"VP8X":
        return tuple(1 + int.from_bytes(content[at : at + 3], "little") for at in (24, 27))
    if chunk == b"VP8L":
        (bits,) = struct.unpack_from("<I", content, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 ":
        return tuple(each & 0x3FFF for each in struct.unpack_from("<HH", content, 26))
    raise NotAPhoto("broken")


def _plain(picture):
    """Return the picture in three colours on white paper, with nothing about it beside the picture."""
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(picture, mask=picture.getchannel("A"))
        return paper
    if picture.mode.startswith("I"):
        # Sixteen bits of grey.
        picture = picture.convert("I").point(lambda grey: grey / 256).convert("L")
    bare = picture.convert("RGB")
    bare.info = {}
    return bare


def _jpeg(picture, bytes_most):
    """Return the picture as JPEG, as good as fits into so many bytes."""
    for quality in QUALITIES:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        if out.tell() <= bytes_most:
            break
    return out.getvalue()


@transaction.atomic
def _move(photo, states, to, act, by, now, **also):
    moved = Photo.objects.filter(pk=photo.pk, state__in=states).update(state=to, **also)
    if moved:
        photo.state = to
        _remember(photo, act, by, now)
    return bool(moved)


def _remember(photo, act, by, now):
    history.record(act=act, subject=photo.offer, by=by, at=now, council=photo.offer.provider.council, photo=photo.pk)
