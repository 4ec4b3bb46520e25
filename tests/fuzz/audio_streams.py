"""FLAC, Ogg and MP3, changed in a field, a block or a frame; checksums of pages are right again."""

from __future__ import annotations

import random

from tests.fuzz.audio_originals import flip, lie, original, put


def flac(chance: random.Random) -> tuple[str, str, bytes]:
    channels, subtype = chance.choice(((1, "PCM_16"), (2, "PCM_24"), (1, "PCM_S8")))
    content = bytearray(original("FLAC", subtype, channels))
    change = chance.choice(("stream info", "block lengths", "more blocks", "frames", "tag before"))
    if change == "stream info":  # the block's body begins at 8
        fields = ((8, ">H"), (10, ">H"), (12, ">I"), (15, ">I"), (18, ">I"), (20, ">H"), (22, ">I"))
        for offset, code in chance.sample(fields, chance.choice((1, 1, 2))):
            put(chance, content, offset, code)
    elif change == "block lengths":
        put(chance, content, 4, ">I")
    elif change == "more blocks":
        kind = chance.choice((0, 1, 2, 3, 4, 5, 6, 7, 126, 127))
        body = chance.randbytes(chance.choice((0, 1, 4, 18, 34, 200)))
        if kind == 4 and len(body) > 8:  # a comment whose lengths lie
            body = lie(chance, 32, 4).to_bytes(4, "little") + body[4:]
        size = chance.choice((len(body), lie(chance, 24, len(body)))) % 2**24
        block = bytes([kind]) + size.to_bytes(3, "big") + body
        content[42:42] = block * chance.choice((1, 1, 3))
    elif change == "frames":
        body = content[42:]
        flip(chance, body)
        content[42:] = body
    else:
        content[0:0] = _id3v2(chance)
    return f"FLAC: {change}", ".flac", bytes(content)


def split_pages(content: bytes) -> list[bytearray]:
    """Return the pages of an Ogg file (RFC 3533, section 6)."""
    pages, at = [], 0
    while at + 27 <= len(content):
        segments = content[at + 26]
        size = 27 + segments + sum(content[at + 27 : at + 27 + segments])
        pages.append(bytearray(content[at : at + size]))
        at += size
    return pages


def ogg(chance: random.Random) -> tuple[str, str, bytes]:
    subtype = chance.choice(("VORBIS", "OPUS"))
    pages = split_pages(original("OGG", subtype, chance.choice((1, 2))))
    change = chance.choice(
        ("page heads", "identification", "headers", "packets", "page order", "granules")
    )
    page = chance.choice(pages)
    if change == "page heads":
        offset, code = chance.choice(((4, "<B"), (5, "<B"), (14, "<I"), (18, "<I"), (26, "<B")))
        put(chance, page, offset, code)
    elif change == "identification":
        page = pages[0]
        offset, code = chance.choice(
            ((35, "<I"), (39, "<B"), (40, "<I"), (44, "<I"), (56, "<B"), (36, "<B"), (46, "<B"))
        )
        put(chance, page, offset, code)
    elif change in ("headers", "packets"):
        page = pages[1] if change == "headers" else pages[-1]
        start = 27 + page[26]
        body = page[start:]
        flip(chance, body)
        page[start:] = body
    elif change == "granules":
        put(chance, page, 6, "<Q")
    elif chance.random() < 0.5:
        pages.remove(page)
    else:
        pages.insert(chance.randrange(len(pages)), bytearray(page))
    if chance.random() < 0.9:
        pages = [_summed(page) for page in pages]
    return f"{subtype}: {change}", ".ogg", b"".join(pages)


def _summed(page: bytearray) -> bytearray:
    """Return a page with the checksum that is right for it."""
    if len(page) < 27:
        return page
    page[22:26] = bytes(4)
    value = 0
    for byte in page:
        value = (value << 8) & 0xFFFFFFFF ^ _CRC_TABLE[value >> 24 ^ byte]
    page[22:26] = value.to_bytes(4, "little")
    return page


def _crc_entry(value: int) -> int:
    value <<= 24
    for _ in range(8):
        value = (value << 1) ^ (0x104C11DB7 if value & 0x80000000 else 0)
    return value


_CRC_TABLE = [_crc_entry(value) for value in range(256)]


def mp3(chance: random.Random) -> tuple[str, str, bytes]:
    content = bytearray(original("MP3", "MPEG_LAYER_III", chance.choice((1, 2))))
    change = chance.choice(("frame heads", "tag", "side information", "body", "id3", "no tag"))
    frames = _mp3_frames(content)
    if change == "frame heads":
        for start in chance.sample(frames, min(len(frames), chance.choice((1, 1, 3)))):
            put(chance, content, start + chance.choice((1, 2, 3)), "<B")
    elif change == "tag":
        at = max(content.find(b"Xing"), content.find(b"Info"))
        if at > 0:
            offset = chance.choice((4, 8, 12, 116, 120, 141))
            put(chance, content, at + offset, ">I")
    elif change == "side information":
        for start in chance.sample(frames, min(len(frames), 3)):
            side = content[start + 4 : start + 36]
            flip(chance, side, most=4)
            content[start + 4 : start + 36] = side
    elif change == "body":
        flip(chance, content, most=30)
    elif change == "id3":
        content[0:0] = _id3v2(chance)
        if chance.random() < 0.3:
            content += b"TAG" + chance.randbytes(125)
    else:
        del content[: frames[1] if len(frames) > 1 else 0]
    return f"MP3: {change}", ".mp3", bytes(content)


def _mp3_frames(content: bytes | bytearray) -> list[int]:
    """Return where something begins that looks like a frame of layer III."""
    starts, at = [], content.find(b"\xff\xfb")
    while at >= 0:
        starts.append(at)
        at = content.find(b"\xff\xfb", at + 24)
    return starts


def _id3v2(chance: random.Random) -> bytes:
    """Return an ID3v2 tag that may lie about its size, its version and its frames' sizes."""
    frame_body = chance.randbytes(chance.choice((0, 1, 20, 300)))
    frame_size = chance.choice((len(frame_body), lie(chance, 32)))
    frame = chance.choice((b"TIT2", b"APIC", b"COMM", b"TXXX", b"RVA2", b"PRIV", b"\0\0\0\0"))
    body = frame + frame_size.to_bytes(4, "big") + bytes(2) + frame_body
    size = chance.choice((len(body), lie(chance, 28, len(body))))
    synchsafe = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    version = chance.choice((2, 3, 4, 4, 9, 255))
    return b"ID3" + bytes([version, 0, chance.choice((0, 0, 0x10, 0x40, 0xFF))]) + synchsafe + body
