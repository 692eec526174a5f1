"""A product's image: whatever picture comes is kept as one small WebP, and nothing else is (OR-8)."""

import random
import struct
import zlib
from contextlib import suppress
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from PIL import ExifTags, Image, ImageCms
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from counterfoil.access.problems import Forbidden, Invalid, NotFound
from counterfoil.access.viewer import anonymous
from counterfoil.catalog.actions import NewUnit, save_product, set_product_image
from counterfoil.catalog.images import LARGEST_BYTES, as_webp
from counterfoil.catalog.models import Product
from counterfoil.events.models import Event
from tests.factories import Shop
from tests.pictures import opened, picture

EACH = NewUnit("each", Decimal("2.55"), "GBP")

pytestmark = pytest.mark.slow_on_postgresql


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """An empty folder for files."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def product(shop: Shop) -> Product:
    return save_product(viewer=shop.staff, sku="TT-22", name="Tea tin", units=[EACH])


def files(media: Path) -> list[str]:
    return sorted(str(file.relative_to(media)) for file in media.rglob("*") if file.is_file())


def is_red(pixel: object) -> bool:
    assert isinstance(pixel, tuple)
    return pixel[0] > 200 and pixel[2] < 60


def bomb(width: int, height: int) -> bytes:
    """A PNG that claims this size, in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


@pytest.mark.once
@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "RGB"), ("JPEG", "CMYK"), ("JPEG", "L"), ("PNG", "RGBA"), ("PNG", "P"), ("WEBP", "RGB"), ("GIF", "P")],
)
def test_every_kind_of_picture_becomes_webp(kind: str, mode: str) -> None:
    kept = opened(as_webp(picture(kind=kind, mode=mode), "image"))

    assert (kept.format, kept.size) == ("WEBP", (40, 20))
    assert is_red(kept.convert("RGB").getpixel((5, 10))) is (mode != "L")


@pytest.mark.once
@pytest.mark.parametrize(
    ("size", "kept"), [((3000, 1500), (1200, 600)), ((10, 2400), (5, 1200)), ((1200, 7), (1200, 7))]
)
def test_a_large_picture_is_scaled_down_and_a_small_one_left_as_it_is(
    size: tuple[int, int], kept: tuple[int, int]
) -> None:
    assert opened(as_webp(picture(*size, kind="JPEG"), "image")).size == kept


@pytest.mark.once
def test_a_photograph_is_turned_upright_and_its_metadata_and_profile_are_left_out() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # the camera was held upright: what it calls left is on top
    exif[ExifTags.Base.Artist] = "Ana Reis"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    taken = picture(kind="JPEG", exif=exif, icc_profile=profile, comment=b"52.1 north")

    kept = as_webp(taken, "image")

    image = opened(kept)
    assert image.size == (20, 40)
    assert is_red(image.getpixel((10, 5)))
    assert not is_red(image.getpixel((10, 35)))
    assert not {"exif", "icc_profile", "xmp", "comment"} & set(image.info)
    assert b"Ana Reis" in taken
    assert not any(secret in kept for secret in (b"Ana Reis", b"52.1 north"))


@pytest.mark.once
def test_of_a_film_the_first_frame_is_kept_and_what_shines_through_stays_so() -> None:
    first, second = Image.new("RGBA", (20, 20), (255, 0, 0, 0)), Image.new("RGBA", (20, 20), "blue")
    film = BytesIO()
    first.save(film, "WEBP", save_all=True, append_images=[second], lossless=True)

    kept = opened(as_webp(film.getvalue(), "image"))

    assert getattr(kept, "n_frames", 1) == 1
    assert kept.convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


@pytest.mark.once
def test_sixteen_bits_of_grey_are_scaled_and_not_cut_off() -> None:
    file = BytesIO()
    Image.new("I;16", (20, 20), 128 * 256).save(file, "PNG")

    grey = opened(as_webp(file.getvalue(), "image")).convert("L").getpixel((5, 5))

    assert grey == pytest.approx(128, abs=2)


@pytest.mark.once
@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "send a JPEG, PNG, WebP or GIF"),
        (b"%PDF-1.7 nothing to see", "send a JPEG, PNG, WebP or GIF"),
        (picture(kind="TIFF"), "send a JPEG, PNG, WebP or GIF"),
        (b'<?xml version="1.0"?><SVG onload="alert(1)"/>', "export it as PNG"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "send a JPEG, PNG, WebP or GIF"),
        (picture(400, 400, kind="JPEG")[:-200], "broken or cut off"),
        (picture(400, 400, kind="PNG")[:-60], "broken or cut off"),
        (picture(400, 400, kind="GIF", mode="P")[:-60], "broken or cut off"),
        (picture(400, 400, kind="WEBP")[:-60], ""),
        (picture() + b"\0" * LARGEST_BYTES, "larger than 8 MB"),
        (bomb(8000, 5001), "more than 40 megapixels"),
        (bomb(12_000, 12_000), "more than 40 megapixels"),
        (bomb(60_000, 60_000), "more than 40 megapixels"),
        (bomb(100, 100), "broken or cut off"),
    ],
    ids=range(14),
)
def test_what_is_no_sound_picture_is_refused_with_what_to_do(data: bytes, told: str) -> None:
    with pytest.raises(Invalid) as refusal:
        as_webp(data, "image")

    assert refusal.value.field == "image"
    assert told in refusal.value.message


@pytest.mark.once
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_with_bytes_turned_is_taken_or_refused_and_nothing_else_happens(kind: str) -> None:
    whole, dice = picture(kind=kind, mode="P" if kind == "GIF" else "RGB"), random.Random(7)
    taken = 0
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        with suppress(Invalid):
            taken += opened(as_webp(bytes(data), "image")).format == "WEBP"
    assert taken < 150


@pytest.mark.feature("OR-8")
def test_staff_give_a_product_an_image_change_it_and_take_it_away(
    shop: Shop, product: Product, media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    Event.objects.all().delete()

    # A first one
    given = set_product_image(viewer=shop.staff, product=product, data=picture())
    [first] = files(media)
    assert given.image == Product.objects.get().image == first
    assert opened((media / first).read_bytes()).format == "WEBP"

    # The same again changes nothing
    assert set_product_image(viewer=shop.staff, product=product, data=picture()).image == first
    assert Event.objects.count() == 1

    # Another one takes its place, once it is committed
    with django_capture_on_commit_callbacks(execute=True):
        second = set_product_image(viewer=shop.staff, product=product, data=picture(60, 60)).image
        assert files(media) == sorted([first, second])
    assert files(media) == [second]

    # And none
    with django_capture_on_commit_callbacks(execute=True):
        assert set_product_image(viewer=shop.staff, product=product, data=None).image == ""
    assert files(media) == []
    assert [(event.kind, event.topic, event.internal) for event in Event.objects.all()] == [
        ("product.changed", f"product_{product.pk}", True)
    ] * 3


def test_a_file_that_its_product_got_back_meanwhile_is_not_deleted(
    shop: Shop, product: Product, media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    first = set_product_image(viewer=shop.staff, product=product, data=picture()).image

    with django_capture_on_commit_callbacks(execute=True):
        set_product_image(viewer=shop.staff, product=product, data=picture(60, 60))
        set_product_image(viewer=shop.staff, product=product, data=picture())

    assert files(media) == [first]


def test_two_products_with_one_picture_have_a_file_each(
    shop: Shop, product: Product, media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    other = save_product(viewer=shop.staff, sku="TT-23", name="Tea tin, large", units=[EACH])
    set_product_image(viewer=shop.staff, product=product, data=picture())
    kept = set_product_image(viewer=shop.staff, product=other, data=picture()).image

    with django_capture_on_commit_callbacks(execute=True):
        set_product_image(viewer=shop.staff, product=product, data=None)

    assert files(media) == [kept]


def test_a_refused_picture_changes_nothing(shop: Shop, product: Product, media: Path) -> None:
    kept = set_product_image(viewer=shop.staff, product=product, data=picture()).image
    events = Event.objects.count()

    with pytest.raises(Invalid):
        set_product_image(viewer=shop.staff, product=product, data=b"no picture")

    assert Product.objects.get().image == kept
    assert (files(media), Event.objects.count()) == ([kept], events)


def test_only_staff_of_the_workspace_set_an_image(shop: Shop, other_shop: Shop, product: Product, media: Path) -> None:
    for viewer in (shop.guest(shop.order()), anonymous(shop.workspace.pk)):
        with pytest.raises(Forbidden):
            set_product_image(viewer=viewer, product=product, data=picture())
    with pytest.raises(NotFound):
        set_product_image(viewer=other_shop.staff, product=product, data=picture())

    assert Product.objects.get().image == ""
    assert files(media) == []


def test_facts_and_image_change_apart(shop: Shop, product: Product) -> None:
    image = set_product_image(viewer=shop.staff, product=product, data=picture()).image

    saved = save_product(viewer=shop.staff, sku="TT-22", name="Tea tin, spot", units=[EACH], product=product)

    assert (saved.name, saved.image) == ("Tea tin, spot", image)
    assert default_storage.exists(image)
