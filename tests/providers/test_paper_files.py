"""Files that are shown: recognised by what they hold, drawn anew, refused quickly where they are something else."""

import io
import struct
import time
import zipfile
import zlib

import pytest
from PIL import Image

from providers import paper_files
from providers.paper_files import MOST_BYTES, BadFile, read

PDF = b"%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << >>\n%%EOF\n"


class Upload(io.BytesIO):
    """What Django hands over; its name says whatever the sender likes."""

    def __init__(self, content, name="certificate.pdf"):
        super().__init__(content)
        self.size, self.name = len(content), name


def picture(kind="PNG", mode="RGB", size=(400, 300), **options):
    written = io.BytesIO()
    Image.new(mode, size, **({"color": "white"} if mode == "RGB" else {})).save(written, kind, **options)
    return written.getvalue()


def zipped():
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("../../etc/passwd", "root")
    return written.getvalue()


def bomb(width, height):
    """A PNG of some thousand bytes that would fill hundreds of megabytes."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    packing = zlib.compressobj(9)
    rows = b"".join(packing.compress(bytes(width // 8 + 1)) for _row in range(height)) + packing.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return paper_files.PNG + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_pdf_stays_as_it_is():
    kept = read(Upload(PDF))

    assert (kept.content_type, kept.extension, kept.content) == ("application/pdf", "pdf", PDF)


@pytest.mark.parametrize(
    "kind, mode",
    [("PNG", mode) for mode in ("RGB", "L", "1", "P", "RGBA", "LA", "I;16")]
    + [("JPEG", mode) for mode in ("RGB", "L", "CMYK")],
)
def test_a_picture_of_any_kind_is_drawn_anew(kind, mode):
    kept = read(Upload(picture(kind, mode)))

    with Image.open(io.BytesIO(kept.content)) as drawn:
        assert (drawn.format, drawn.size, kept.content_type) == ("JPEG", (400, 300), "image/jpeg")


def test_nothing_hidden_in_a_picture_is_kept():
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "Lives at 1 Stryd Fawr", 6
    sent = picture("JPEG", exif=exif, comment=b"a secret")
    assert b"Stryd Fawr" in sent and b"a secret" in sent

    kept = read(Upload(sent + zipped()))

    assert b"Stryd Fawr" not in kept.content and b"a secret" not in kept.content and b"PK" not in kept.content
    with Image.open(io.BytesIO(kept.content)) as drawn:
        # It lay on its side, and the file only said so.
        assert drawn.size == (300, 400) and not drawn.getexif()


def test_a_large_picture_is_made_smaller():
    kept = read(Upload(picture(size=(4000, 3000))))

    with Image.open(io.BytesIO(kept.content)) as drawn:
        assert drawn.size == (3000, 2250)


@pytest.mark.parametrize(
    "content, why",
    [
        (b"", "empty"),
        (b"x" * (MOST_BYTES + 1), "large"),
        (zipped(), "kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "kind"),
        (b"<html>%PDF-1.4 %%EOF", "kind"),
        (b"\x00\x00\x00\x24ftypheic" + bytes(400), "heic"),
        (b"MZ\x90\x00", "kind"),
        (b"GIF89a", "kind"),
        (b"\n" + PDF, "kind"),
        (PDF + zipped(), "kind"),
        (PDF + b"<script>alert(1)</script>", "kind"),
        (PDF.replace(b"%%EOF\n", b"") + zipped() + b"%%EOF", "kind"),
        (b"%PDF-1.4 cut off", "damaged"),
        (PDF.replace(b"/Type", b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >> /Type"), "acts"),
        (PDF.replace(b"/Type", b"/Launch /Type"), "acts"),
        (PDF.replace(b"/Type", b"/Names << /EmbeddedFiles 3 0 R >> /Type"), "acts"),
        (picture()[:60], "damaged"),
        (paper_files.JPEG + b"nothing of a picture", "damaged"),
        (picture(size=(1, 1)), "pixels"),
        (bomb(20_000, 20_000), "pixels"),
        (bomb(10_000, 10_000), "pixels"),
        (bomb(6_000, 5_000), "pixels"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_everything_else_is_refused_quickly(content, why):
    begun = time.process_time()

    with pytest.raises(BadFile) as refusal:
        read(Upload(content))

    assert refusal.value.why == why
    assert time.process_time() - begun < 1


def test_the_name_of_a_file_is_never_looked_at():
    assert read(Upload(PDF, name="../../settings.py")) == read(Upload(PDF, name="picture.png"))
    with pytest.raises(BadFile):
        read(Upload(zipped(), name="insurance.pdf"))
