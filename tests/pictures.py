"""Pictures as people send them."""

from io import BytesIO
from typing import Any

from PIL import Image


def picture(width: int = 40, height: int = 20, *, kind: str = "PNG", mode: str = "RGB", **more: Any) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), "blue")
    image.paste("red", (0, 0, width // 2, height))
    file = BytesIO()
    image.convert(mode).save(file, kind, **more)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    """The picture that these bytes hold."""
    return Image.open(BytesIO(data))
