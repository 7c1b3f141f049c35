"""The process that opens pictures: takes limits on itself first, then writes one picture anew and says how it went, in JSON.

The paths of the picture, of its new whole version and of the small one come as JSON on standard input.
"""

import json
import resource
import sys
import warnings

MEMORY = (
    380 * 1024 * 1024
)  # Addresses, of which the interpreter and its libraries take some 80 MB: at most 300 MB of real memory.
CPU_SECONDS = 2
LARGEST_FILE = 60 * 1024 * 1024
PIXELS = 40_000_000
SIDE, SMALL_SIDE = 4000, 640
OPTIONS = {"PNG": {"compress_level": 4}, "JPEG": {"quality": 88}, "WEBP": {"quality": 85, "method": 0}}


def limit() -> None:
    """No more memory, processor time or disk than one picture needs; never a core dump."""
    for kind, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def rewrite(path: str, whole: str, small: str) -> dict:
    """Decode, turn upright, keep at most SIDE pixels each way, and write anew without any of the metadata."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = PIXELS
    try:
        with Image.open(path, formats=tuple(OPTIONS)) as picture:
            kind = "JPEG" if picture.format == "MPO" else str(picture.format)
            if kind != "JPEG" and getattr(picture, "is_animated", False):
                return {"refused": "animated"}
            picture.draft(None, (SIDE, SIDE))
            if max(picture.size) > SIDE:
                picture.thumbnail((SIDE, SIDE))
            upright = plain(ImageOps.exif_transpose(picture), kind)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        return {"refused": "too_large"}
    except (OSError, ValueError, SyntaxError, IndexError, EOFError, TypeError, KeyError, OverflowError):
        return {"refused": "damaged"}
    upright.save(whole, kind, **OPTIONS[kind])
    width, height = upright.size
    upright.thumbnail((SMALL_SIDE, SMALL_SIDE))
    upright.save(small, kind, **OPTIONS[kind])
    return {"kind": kind, "width": width, "height": height}


def plain(picture, kind: str):
    """The bare pixels, 8 bits a channel, in a mode that every kind can hold: grey, colour, or colour with transparency."""
    from PIL import Image

    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    transparent = kind != "JPEG" and ("A" in picture.getbands() or "transparency" in picture.info)
    mode = "RGBA" if transparent else "L" if picture.mode in ("1", "L", "LA") and kind != "WEBP" else "RGB"
    bare = Image.new(mode, picture.size)
    bare.paste(picture.convert(mode))
    return bare


def main() -> None:
    limit()
    warnings.simplefilter("error")
    json.dump(rewrite(**json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
