"""Reads a file that a provider shows: a PDF, or a picture drawn anew; recognised by what it holds, never by its name.

Whatever else it may be is refused before it is unpacked: what is kept here is opened by people of the carers team.
"""

import hashlib
import io
import re
from dataclasses import dataclass

from PIL import Image, ImageFile, ImageOps

MOST_BYTES = 5 * 1024 * 1024
# A photograph of a telephone has 12 million pixels; what has more than twice that is no certificate.
MOST_PIXELS = 25_000_000
LONGEST_SIDE = 3000
SHORTEST_SIDE = 50
JPEG_QUALITY = 88
PHONE_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif"}
JPEG, PNG, PDF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-"
# After the end of a PDF some programs write a line break or fill a block; a second file does not look like that.
AFTER_THE_END = b"\r\n\t \x00"
# What acts when a PDF is opened, or carries other files along.
ACTS = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)\b")
ZIP_ENDS_WITH, ZIP_TAIL = b"PK\x05\x06", 66_000


class BadFile(Exception):
    """A file that is not kept, and why: empty, large, kind, heic, pixels, damaged, acts."""

    def __init__(self, why):
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Kept:
    """What is kept of a file: its kind, its ending and its bytes."""

    content_type: str
    extension: str
    content: bytes

    @property
    def sha256(self):
        return hashlib.sha256(self.content).hexdigest()


def read(file):
    """Return the Kept of an uploaded file, which has `size` and `read`. Raises BadFile.

    A picture is drawn anew as JPEG, without anything that was hidden in it; a PDF stays as it is.
    """
    if not file.size:
        raise BadFile("empty")
    if file.size > MOST_BYTES:
        raise BadFile("large")
    content = file.read()
    if content.startswith(PDF):
        return _pdf(content)
    if content.startswith(JPEG):
        return Kept("image/jpeg", "jpg", drawn_anew(content, "JPEG"))
    if content.startswith(PNG):
        return Kept("image/jpeg", "jpg", drawn_anew(content, "PNG"))
    raise BadFile("heic" if is_heic(content) else "kind")


def is_heic(content):
    """True of a photograph as some phones keep it, which is not read here: whoever sends it is told what to do."""
    return content[4:8] == b"ftyp" and content[8:12] in PHONE_BRANDS


def drawn_anew(content, kind):
    """Return a picture of that kind as JPEG: upright, on white, at most LONGEST_SIDE long, nothing hidden. BadFile."""
    # The typesetter, once loaded, lets Pillow fill up what a cut-off file lacks with grey.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as picture:
            # The size stands at the beginning of the file: a picture that is too big is never unpacked.
            if picture.width * picture.height > MOST_PIXELS or min(picture.size) < SHORTEST_SIDE:
                raise BadFile("pixels")
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            drawn = _on_white(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise BadFile("pixels") from bomb
    except BadFile:
        raise
    except Exception as error:
        # A damaged picture fails in many ways within Pillow; each of them means the same here.
        raise BadFile("damaged") from error
    written = io.BytesIO()
    drawn.save(written, "JPEG", quality=JPEG_QUALITY)
    return written.getvalue()


def _on_white(picture):
    # A picture of our own: a comment or a profile would go from the old one into whatever is made from it.
    white = Image.new("RGB", picture.size, "white")
    if "A" in picture.getbands() or "transparency" in picture.info:
        see_through = picture.convert("RGBA")
        white.paste(see_through, mask=see_through.getchannel("A"))
    else:
        white.paste(picture.convert("RGB"))
    return white


def _pdf(content):
    end = content.rfind(b"%%EOF")
    if end < 0:
        raise BadFile("damaged")
    if content[end + len(b"%%EOF") :].strip(AFTER_THE_END) or ZIP_ENDS_WITH in content[-ZIP_TAIL:]:
        raise BadFile("kind")
    if ACTS.search(content):
        raise BadFile("acts")
    return Kept("application/pdf", "pdf", content)
