"""Picture files (PNG, JPEG, WebP, ...) to arrays."""

from __future__ import annotations

import stat
import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from lop_tutorial.data.image_set import DataError

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".jfif", ".jpe"}
_MODES = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}


def is_picture(path: Path) -> bool:
    """Whether the name is a picture's (hidden files, such as macOS puts beside others, are not)."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def pixels(file: Path) -> UInt8[np.ndarray, "height width 3"]:
    """The picture in RGB, turned as its EXIF orientation says; what is transparent is laid over white.

    Of several frames it is the first; of colours with 16 bits a channel, the higher 8. Raises DataError if the file is
    damaged, or grey with more than 8 bits.
    """
    return np.asarray(_open(file))


def shrunk(file: Path, size: int = 32) -> UInt8[np.ndarray, "size size 3"]:
    """The picture in RGB, box-filtered to size x size: the mean over the area that each new pixel covers.

    This is how ImageNet-32 was made (Chrabaszcz et al. 2017, "box"); other than square pictures are squeezed.
    """
    picture = _open(file)
    if picture.size != (size, size):
        picture = picture.resize((size, size), Image.Resampling.BOX)
    return np.asarray(picture)


def shrunk_all(files: Sequence[Path], size: int = 32) -> UInt8[np.ndarray, "image size size 3"]:
    """`shrunk` of many files, on as many threads as there are cores."""
    if not files:
        return np.empty((0, size, size, 3), np.uint8)
    with ThreadPoolExecutor() as pool:
        return np.stack(list(pool.map(lambda file: shrunk(file, size), files)))


def _open(file: Path) -> Image.Image:
    if not stat.S_ISREG(file.stat().st_mode):
        raise DataError(f"{file}: a pipe, a socket or a device, which may never end; remove it")
    try:
        with Image.open(file) as picture:
            if picture.mode not in _MODES:
                raise DataError(
                    f"{file}: pixels of mode {picture.mode!r} have no 8-bit form that is sure to be meant; "
                    "save the picture with 8 bits a channel"
                )
            picture.load()
            upright = _turned(picture)
            if upright.has_transparency_data:
                white = Image.new("RGBA", upright.size, "white")
                return Image.alpha_composite(white, upright.convert("RGBA")).convert("RGB")
            return upright.convert("RGB")
    except DataError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the file, not the picture: missing, forbidden
        raise DataError(f"{file}: not a whole picture ({error}); fetch or save it anew") from error


def _turned(picture: Image.Image) -> Image.Image:
    """Upright by its EXIF orientation; as it is where that cannot be read."""
    try:
        return ImageOps.exif_transpose(picture)
    except (SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return picture
