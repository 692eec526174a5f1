"""Pictures that come from outside, made into the one form that is kept: WebP, small, without anything but the picture.

Nothing of what came is kept: metadata, colour profiles, further frames and whatever else stood in the file are left
out. What an image is, its content says; names and types that came with it are not asked.
"""

from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from counterfoil.access.problems import Invalid

LARGEST_BYTES = 8 * 2**20
LARGEST_PIXELS = 40_000_000
LONGEST_SIDE = 1200
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_QUALITY = 82
_TOO_MANY_PIXELS = (
    f"This image has more than {LARGEST_PIXELS // 1_000_000} megapixels: make it smaller, "
    f"{LONGEST_SIDE} pixels on its longer side are enough."
)


def as_webp(data: bytes, field: str) -> bytes:
    """The first frame of an image, upright, at most 1200 pixels long and high, as WebP.

    Raises `Invalid` for what is no JPEG, PNG, WebP or GIF, for a broken one and for one that is too large. How many
    pixels it has is checked before any of them is decoded: a few kilobytes can claim gigabytes.
    """
    if len(data) > LARGEST_BYTES:
        raise Invalid(f"This file is larger than {LARGEST_BYTES // 2**20} MB: make the image smaller.", field=field)
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > LARGEST_PIXELS:
                raise Invalid(_TOO_MANY_PIXELS, field=field)
            return _encoded(image)
    except Invalid:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Invalid(_TOO_MANY_PIXELS, field=field) from None
    except UnidentifiedImageError:
        raise Invalid(_what_it_is_not(data), field=field) from None
    except Exception as error:  # decoders raise errors of all kinds for files that are broken
        raise Invalid("This image is broken or cut off: export it again, or send another.", field=field) from error


def _encoded(image: Image.Image) -> bytes:
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16"):  # a conversion would cut its 16 bits off above 255 instead of scaling them
        upright = upright.point(lambda value: value / 256, "L")
    picture = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    file = BytesIO()
    picture.save(file, "WEBP", quality=_QUALITY, exif=b"", icc_profile=None, xmp=b"")
    return file.getvalue()


def _what_it_is_not(data: bytes) -> str:
    if b"<svg" in data[:4096].lower():
        return "This is an SVG drawing: export it as PNG, and send that."
    return "This is no image that can be shown here: send a JPEG, PNG, WebP or GIF."
