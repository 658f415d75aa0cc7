"""Photos: drawn anew from what was sent, and nonsense refused before it costs anything."""

import io
import resource
import struct
import time
import zipfile
import zlib

import pytest
from PIL import Image, ImageDraw

from accounts.history import Who
from brochure import photos
from brochure.models import Photo

CAMERA = "Camera of Bryn, 51.6N 3.2W"


def picture(width=1600, height=1000):
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), "blue")
    ImageDraw.Draw(image).rectangle((0, 0, width // 2, height), "red")
    return image


def file_of(image, kind="JPEG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def told_by_camera(orientation=1):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = CAMERA, orientation
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def opened(content):
    return Image.open(io.BytesIO(content))


def colour(image, x, y):
    red, _green, blue = image.convert("RGB").getpixel((x, y))
    return "red" if red > 150 > blue else "blue"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_drawn_anew_in_two_sizes(kind):
    drawn = photos.draw(file_of(picture(), kind))

    small, large = opened(drawn.small), opened(drawn.large)
    assert (small.format, small.size) == ("JPEG", (480, 270))
    assert (large.format, large.size) == ("JPEG", (1280, 800)) and (drawn.width, drawn.height) == large.size
    assert len(drawn.small) <= photos.SMALL_BYTES and len(drawn.large) <= photos.LARGE_BYTES


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_the_picture_is_kept(kind):
    sent = file_of(picture(), kind, exif=told_by_camera(), **({"comment": b"mine"} if kind == "JPEG" else {}))
    assert CAMERA.encode() in sent

    drawn = photos.draw(sent)

    for content in (drawn.small, drawn.large):
        assert not opened(content).getexif()
        assert all(word not in content for word in (CAMERA.encode(), b"Exif", b"mine", b"ICC_PROFILE", b"http"))


def test_a_picture_is_turned_as_the_camera_was_held():
    # Held upright: the camera wrote it lying, and said that it is to be turned.
    drawn = photos.draw(file_of(picture(), exif=told_by_camera(orientation=6)))

    large = opened(drawn.large)
    assert large.size == (800, 1280)
    assert (colour(large, 400, 100), colour(large, 400, 1200)) == ("red", "blue")


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "I;16", "CMYK"])
def test_pictures_of_every_kind_of_colour_can_be_drawn(mode):
    image = Image.new("I;16", (400, 400), 40_000) if mode == "I;16" else picture(400, 400).convert(mode)

    drawn = photos.draw(file_of(image, "JPEG" if mode == "CMYK" else "PNG"))

    assert opened(drawn.large).mode == "RGB"


def test_what_shines_through_stands_on_white():
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))

    assert opened(photos.draw(file_of(image, "PNG")).large).getpixel((200, 200)) == (255, 255, 255)


def png_of(width, height):
    """A PNG that says it is so large; its data is hardly there, because it is never read."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def bomb():
    """20,000 by 20,000 pixels of nothing, which come to 1.2 gigabytes, in a small file."""
    squeeze = zlib.compressobj(9)
    rows = squeeze.compress(bytes(20_000 * 3 + 1)) * 50 + squeeze.flush()
    return png_of(20_000, 20_000) + rows


def webp_of(width, height):
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + size
    return b"RIFF" + struct.pack("<I", len(body)) + body


def zipped():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("photo.jpg", b"x" * 1000)
    return out.getvalue()


NONSENSE = {
    "a bomb": (bomb, "pixels"),
    "a JPEG as large": (lambda: large_jpeg(), "pixels"),
    "a WebP as large": (lambda: webp_of(16_000, 16_000), "pixels"),
    "cut short": (lambda: file_of(picture())[:2000], "broken"),
    "a PNG cut short": (lambda: file_of(picture(), "PNG")[:60], "broken"),
    "without its data": (lambda: png_of(1000, 1000), "broken"),
    "a WebP of a head only": (lambda: webp_of(1000, 1000), "broken"),
    "a zip": (zipped, "kind"),
    "a photo as some phones keep it": (lambda: b"\x00\x00\x00\x24ftypheic" + bytes(400), "heic"),
    "a drawing with a script": (
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "kind",
    ),
    "a page": (lambda: b"<!doctype html><script>alert(1)</script>", "kind"),
    "a moving picture": (lambda: file_of(picture().convert("P"), "GIF"), "kind"),
    "another kind by name": (lambda: b"\xff\xd8\xff" + zipped(), "broken"),
    "nothing": (bytes, "kind"),
    "too small": (lambda: file_of(picture(400, 100)), "small"),
    "too many bytes": (lambda: file_of(picture()) + bytes(photos.BYTES_MOST), "bytes"),
}


def large_jpeg():
    """A JPEG whose head says 20,000 by 20,000."""
    content = bytearray(file_of(picture()))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", 20_000, 20_000)
    return bytes(content)


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused_within_a_second_and_without_much_memory(name):
    make, why = NONSENSE[name]
    content = make()
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()

    with pytest.raises(photos.NotAPhoto) as refused:
        photos.draw(content)

    assert refused.value.why == why
    assert time.process_time() - begun < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_a_file_that_is_two_things_comes_out_as_one():
    sent = file_of(picture()) + zipped() + b"<script>alert(1)</script>"
    assert zipfile.is_zipfile(io.BytesIO(file_of(picture()) + zipped()))

    drawn = photos.draw(sent)

    assert not zipfile.is_zipfile(io.BytesIO(drawn.large))
    assert b"<script>" not in drawn.large and b"PK" not in drawn.small[-100:]


def test_the_largest_photo_of_a_telephone_is_taken_within_seconds():
    sent = file_of(picture(8064, 6048), quality=30)
    begun = time.process_time()

    assert photos.draw(sent).width == 1280
    assert time.process_time() - begun < 5


@pytest.fixture
def by(bryn):
    return Who(user=bryn)


@pytest.fixture
def drawn():
    return photos.draw(file_of(picture(480, 360)))


def test_a_photo_waits_is_shown_and_is_taken_away(sitting, drawn, by, carys, now):
    photo = photos.add(offer=sitting, drawn=drawn, alt_cy="Gardd", by=by, now=now)
    assert photo.state == Photo.State.WAITING and photos.shown([sitting]) == {}

    photos.approve(photo=photo, by=Who(user=carys), now=now)
    assert photos.shown([sitting]) == {sitting.pk: [photo]}

    photos.remove(photo=photo, by=by, now=now)
    photos.approve(photo=photo, by=Who(user=carys), now=now)
    assert photos.shown([sitting]) == {} and photos.kept(sitting) == []


def test_an_offer_has_four_photos_at_most(sitting, drawn, by, now):
    added = [photos.add(offer=sitting, drawn=drawn, alt_en="A garden", by=by, now=now) for _number in range(4)]
    with pytest.raises(photos.TooManyPhotos):
        photos.add(offer=sitting, drawn=drawn, alt_en="A garden", by=by, now=now)

    photos.remove(photo=added[0], by=by, now=now)
    photos.add(offer=sitting, drawn=drawn, alt_en="A pond", by=by, now=now)

    assert [each.position for each in photos.kept(sitting)] == [2, 3, 4, 5]


def test_any_photo_can_come_first(sitting, drawn, by, now):
    first, second = [photos.add(offer=sitting, drawn=drawn, alt_en=alt, by=by, now=now) for alt in ("One", "Two")]

    photos.put_first(photo=second, by=by, now=now)

    assert photos.kept(sitting) == [second, first]


def test_a_refused_photo_says_why_and_is_refused_once(sitting, drawn, by, carys, now):
    photo = photos.add(offer=sitting, drawn=drawn, alt_en="A face", by=by, now=now)

    assert photos.refuse(photo=photo, reason="A person can be recognised.", by=Who(user=carys), now=now)
    assert not photos.refuse(photo=photo, reason="Again.", by=Who(user=carys), now=now)

    photo.refresh_from_db()
    assert (photo.state, photo.reason) == (Photo.State.REFUSED, "A person can be recognised.")
