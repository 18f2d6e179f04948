# ruff: noqa: INP001, E501 - a script of drawings: coordinates are positional and literal, and it is no module
"""Draws the doctors' portraits of the demo networks: our own flat SVG art, made from parameters.

    python frontend/art/portraits.py          writes frontend/art/portraits/pNN.svg

Every portrait is a square of 240 units whose middle survives a round crop. The same list gives the same files.
"""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "portraits"

SKIN = {
    "fair": ("#f6d5bd", "#e9b99a", "#e8957f"),
    "rosy": ("#f3c9ad", "#e2a888", "#df8470"),
    "tan": ("#e3b08a", "#cc9068", "#c9705a"),
    "olive": ("#d6a377", "#ba8459", "#b9644e"),
    "brown": ("#a97049", "#8b5635", "#93503c"),
    "deep": ("#7b4b31", "#613822", "#7a3d30"),
}
HAIR = {
    "black": ("#2a2528", "#3b3538"),
    "dark": ("#4a3329", "#5d4336"),
    "brown": ("#6d4a33", "#825c42"),
    "chestnut": ("#8a4f30", "#a0623f"),
    "auburn": ("#a5522f", "#bb6840"),
    "blond": ("#d1a35c", "#dfb676"),
    "ash": ("#a58a6b", "#b89d7f"),
    "grey": ("#a9a7a5", "#bdbbb9"),
    "white": ("#dcd9d4", "#eae8e4"),
}
TINTS = {
    "mint": ("#dcefe8", "#c9e4da"),
    "peach": ("#fbe4d8", "#f6d4c3"),
    "sky": ("#e0eaf5", "#cfdef0"),
    "sand": ("#f4ebd6", "#eaddbf"),
    "lilac": ("#ebe5f3", "#ddd3ea"),
    "rose": ("#f8e1e3", "#f1cfd3"),
    "stone": ("#e9e6df", "#dcd7cc"),
}
CLOTH = {
    "teal": "#2f8577",
    "navy": "#33527d",
    "wine": "#8d4152",
    "blue": "#7fa8d1",
    "green": "#5d8b62",
    "plum": "#73558a",
    "sand": "#c9a66f",
    "white": "#f4f2ee",
    "grey": "#7d8892",
}


@dataclass(frozen=True)
class Look:
    """What tells one portrait from another; names are keys of the palettes and of the functions below."""

    skin: str
    hair: str
    style: str
    tint: str
    cloth: str
    dress: str = "coat"
    face: str = "oval"
    beard: str = ""
    glasses: str = ""
    mouth: str = "smile"
    lashes: bool = False
    age: int = 0
    stethoscope: bool = False
    earrings: bool = False


LOOKS = (
    Look("fair", "dark", "side", "sky", "navy", face="square", beard="stubble"),
    Look("rosy", "blond", "bob", "peach", "teal", lashes=True, mouth="open"),
    Look("fair", "chestnut", "waves", "mint", "wine", lashes=True, stethoscope=True, earrings=True),
    Look("tan", "black", "short", "sand", "blue", face="square", glasses="square"),
    Look("olive", "black", "bun", "lilac", "green", dress="scrubs", lashes=True, mouth="open"),
    Look("fair", "grey", "receding", "stone", "navy", beard="full", glasses="round", age=2),
    Look("rosy", "auburn", "long", "mint", "navy", lashes=True, glasses="round"),
    Look("fair", "brown", "quiff", "peach", "teal", dress="scrubs", stethoscope=True),
    Look("brown", "black", "curly", "sky", "wine", lashes=True, earrings=True, mouth="open"),
    Look("deep", "black", "fade", "sand", "blue", beard="goatee", stethoscope=True),
    Look("fair", "ash", "pony", "rose", "blue", dress="scrubs", lashes=True, mouth="open"),
    Look("rosy", "white", "bob", "sky", "plum", lashes=True, glasses="cat", age=2, earrings=True),
    Look("tan", "dark", "wavytop", "mint", "grey", beard="full", face="square"),
    Look("fair", "black", "fringe", "sand", "wine", lashes=True),
    Look("olive", "brown", "long", "peach", "white", lashes=True, mouth="open", stethoscope=True),
    Look("fair", "ash", "bald", "sky", "navy", beard="full", glasses="square", age=1),
    Look("rosy", "brown", "updo", "stone", "teal", lashes=True, age=1, earrings=True),
    Look("fair", "chestnut", "side", "lilac", "green", dress="scrubs", mouth="open"),
    Look("deep", "black", "afro", "rose", "sand", lashes=True, earrings=True),
    Look("fair", "grey", "side", "mint", "wine", glasses="round", age=2, face="square"),
    Look("tan", "dark", "waves", "sand", "plum", lashes=True, glasses="round", mouth="open"),
    Look("rosy", "blond", "wavytop", "rose", "navy", beard="stubble", stethoscope=True),
    Look("fair", "blond", "pony", "lilac", "teal", lashes=True, glasses="square"),
    Look("brown", "black", "short", "peach", "green", dress="scrubs", mouth="open", beard="stubble"),
    Look("fair", "auburn", "curly", "sky", "green", lashes=True, dress="scrubs"),
    Look("rosy", "grey", "updo", "peach", "navy", lashes=True, age=2, glasses="round"),
    Look("olive", "black", "quiff", "stone", "wine", beard="goatee", glasses="square"),
    Look("fair", "brown", "bob", "mint", "blue", lashes=True, mouth="open", earrings=True),
)


def path(data: str, fill: str, extra: str = "") -> str:
    return f'<path d="{data}" fill="{fill}"{extra}/>'


def line(data: str, colour: str, width: float, extra: str = "") -> str:
    return (
        f'<path d="{data}" fill="none" stroke="{colour}" stroke-width="{width}" '
        f'stroke-linecap="round" stroke-linejoin="round"{extra}/>'
    )


def face_shape(look: Look) -> str:
    if look.face == "square":
        return "M80 96C80 62 98 46 120 46s40 16 40 50c0 22-3 36-11 46-7 9-17 15-29 15s-22-6-29-15c-8-10-11-24-11-46Z"
    return "M82 98C82 64 98 48 120 48s38 16 38 50c0 32-17 60-38 60S82 130 82 98Z"


# Hair behind the head, by style.
BACK = {
    "bob": "M70 106c-4-46 18-72 50-72s54 26 50 72c-1 16 0 30 4 42-12 8-26 8-32 2H98c-6 6-20 6-32-2 4-12 5-26 4-42Z",
    "waves": "M68 104c-4-46 20-72 52-72s56 26 52 72c-2 18 10 26 8 44s6 26 0 40c-14 10-36 8-44-2h-32c-8 10-30 12-44 2-6-14 2-24 0-40s10-26 8-44Z",
    "long": "M70 104c-4-44 18-70 50-70s54 26 50 70c-1 30 4 60 8 86-16 8-34 6-40-2H102c-6 8-24 10-40 2 4-26 9-56 8-86Z",
    "fringe": "M69 106c-4-46 19-74 51-74s55 28 51 74c-1 22 2 44 3 56-12 6-26 4-30-2H96c-4 6-18 8-30 2 1-12 4-34 3-56Z",
    "curly": "M64 118c-12-10-10-28 0-34-4-16 8-30 20-30 4-16 24-26 36-20 14-6 32 4 36 20 14 0 24 14 20 30 10 6 12 24 0 34 8 12 2 30-12 32-6 12-24 14-32 4h-24c-8 10-26 8-32-4-14-2-20-20-12-32Z",
    "afro": "M120 18c40 0 66 30 66 64 0 30-14 54-34 62H88c-20-8-34-32-34-62 0-34 26-64 66-64Z",
    "pony": "M150 54c24 4 38 24 36 52-1 18 8 30 4 44-12-4-24-16-26-34-2-20-8-36-22-46Z",
    "bun": "M120 12c15 0 25 10 25 23s-10 22-25 22-25-9-25-22 10-23 25-23Z",
    "updo": "M120 20c20 0 34 10 37 24 6 14 0 28-12 32H95c-12-4-18-18-12-32 3-14 17-24 37-24Z",
}

# Hair over the forehead, by style: base shape and a lighter strand.
FRONT = {
    "side": (
        "M78 100c-4-36 12-60 44-60 30 0 44 22 40 60-4-8-6-18-8-26-18 2-40-2-52-12-4 12-14 20-20 22-2 6-3 10-4 16Z",
        "M98 62c6-10 16-15 28-15",
    ),
    "short": (
        "M79 98c-4-34 12-56 41-56s45 22 41 56c-4-6-6-14-7-22-8-6-20-8-34-8s-26 2-34 8c-1 8-3 16-7 22Z",
        "M96 58c8-6 16-8 26-8",
    ),
    "quiff": (
        "M79 98c-5-28 2-46 16-54 14-12 44-12 56 2 10 10 14 28 10 52-4-6-6-14-8-22-6-10-18-14-32-12-14-2-26 2-34 12-2 8-4 16-8 22Z",
        "M100 52c12-8 28-8 38-1",
    ),
    "wavytop": (
        "M79 98c-8-18-6-34 6-42 2-14 20-20 32-16 14-8 32 0 36 12 12 8 14 28 8 46-4-6-6-12-8-20-10 2-18-2-22-8-8 8-20 8-28 2-6 6-12 8-16 6-2 8-4 14-8 20Z",
        "M98 58c4-7 12-9 18-6m10 2c5-5 12-4 16 1",
    ),
    "receding": (
        "M78 102c-4-22 0-40 12-50 2 10 0 22-4 28-2 8-4 14-8 22Zm84 0c4-22 0-40-12-50-2 10 0 22 4 28 2 8 4 14 8 22ZM92 52c16-12 40-12 56 0-14-4-42-4-56 0Z",
        "",
    ),
    "fade": (
        "M81 92c-2-30 12-48 39-48s41 18 39 48c-3-6-4-10-5-16-4-8-18-12-34-12s-30 4-34 12c-1 6-2 10-5 16Z",
        "",
    ),
    "bald": (
        "M79 104c-3-10-4-18-2-26 4 4 6 10 6 16-1 4-2 6-4 10Zm82 0c3-10 4-18 2-26-4 4-6 10-6 16 1 4 2 6 4 10Z",
        "",
    ),
    "bob": (
        "M78 108c-6-42 14-68 42-68s48 26 42 68c-4-12-8-24-12-32-22 2-40-6-48-16-4 18-16 34-24 48Z",
        "M104 54c8-7 20-9 30-5",
    ),
    "waves": (
        "M76 112c-6-44 14-72 44-72s50 28 44 72c-6-8-10-22-14-34-20-2-34-10-42-22-4 18-20 36-32 56Z",
        "M112 52c12-6 26-4 35 6",
    ),
    "long": (
        "M78 110c-6-42 14-70 42-70s48 28 42 70c-4-18-14-40-42-50-26 10-38 32-42 50Z",
        "M120 47c14 1 26 9 32 22",
    ),
    "fringe": (
        "M77 112c-6-44 14-71 43-71s49 27 43 71c-3-8-5-16-6-26-10 5-24 7-37 7s-27-2-37-7c-1 10-3 18-6 26Z",
        "M98 58c-3 8-4 16-4 24m26-28v30m22-26c3 8 4 16 4 24",
    ),
    "curly": (
        "M78 104c-10-8-8-24 2-28 0-16 14-24 24-22 8-10 26-8 32 2 12-2 22 8 22 20 10 6 12 20 4 28-5-4-7-10-8-16-10 4-18 0-22-6-8 6-18 6-24 0-8 6-16 6-20 2-2 8-5 14-10 20Z",
        "M92 62c4-5 10-6 15-3m20-1c6-3 12-1 15 4",
    ),
    "afro": ("M80 98c-2-30 14-50 40-50s42 20 40 50c-4-10-8-16-12-20-16-8-40-8-56 0-4 4-8 10-12 20Z", ""),
    "pony": (
        "M79 104c-6-40 12-64 41-64s47 24 41 64c-4-12-8-22-14-28-24 0-42-6-50-14-6 14-14 28-18 42Z",
        "M104 52c10-6 22-6 32 0",
    ),
    "bun": (
        "M80 100c-6-36 12-58 40-58s46 22 40 58c-4-14-14-30-40-36-26 6-36 22-40 36Z",
        "M120 49c12 1 22 7 28 16",
    ),
    "updo": (
        "M79 102c-6-38 12-60 41-60s47 22 41 60c-4-12-8-20-13-27-26-1-40-7-47-13-6 14-17 26-22 40Z",
        "M106 53c9-5 21-5 31 1",
    ),
}


def clothes(look: Look, skin: str, shade: str) -> str:
    cloth = CLOTH[look.cloth]
    neck = path("M102 136h36v34c0 12-8 20-18 20s-18-8-18-20Z", shade)
    body = "M30 240c2-38 22-56 52-62l20-8c4 10 10 14 18 14s14-4 18-14l20 8c30 6 50 24 52 62Z"
    if look.dress == "scrubs":
        return (
            path(body, cloth)
            + neck
            + path("M100 168l20 32 20-32c2 4 6 6 10 8l-30 42-30-42c4-2 8-4 10-8Z", "#fff", ' opacity=".28"')
            + path("M102 158c6 14 12 26 18 34 6-8 12-20 18-34v10l-18 32-18-32Z", skin)
        )
    shirt = path("M92 174l28 66 28-66-12-6-16 18-16-18Z", cloth)
    collar = path(
        "M102 164l18 24-14 14-14-28Zm36 0-18 24 14 14 14-28Z", cloth, ' stroke="#00000022" stroke-width="1.5"'
    )
    coat = path("M30 240c2-38 22-56 52-62l12-5 22 67Zm180 0c-2-38-22-56-52-62l-12-5-22 67Z", "#fdfcfa")
    lapel = path("M92 173l-16 14 8 12-6 8 34 33 4-4Zm56 0 16 14-8 12 6 8-34 33-4-4Z", "#eceae4")
    pocket = line("M160 222h22", "#d9d6ce", 2.5) + line("M171 214v12", cloth, 4)
    return (
        shirt
        + neck
        + path("M102 150c6 16 12 26 18 32 6-6 12-16 18-32v16l-18 20-18-20Z", skin)
        + collar
        + coat
        + lapel
        + pocket
    )


def features(look: Look, shade: str, blush: str) -> str:
    brow = HAIR[look.hair][0] if look.hair not in {"white", "grey", "blond"} else "#8a7a6a"
    dark = "#2b2226"
    parts = [
        f'<ellipse cx="93" cy="122" rx="9" ry="6" fill="{blush}" opacity=".28"/>',
        f'<ellipse cx="147" cy="122" rx="9" ry="6" fill="{blush}" opacity=".28"/>',
        f'<ellipse cx="104" cy="104" rx="4.2" ry="5" fill="{dark}"/><circle cx="105.6" cy="102.2" r="1.4" fill="#fff"/>',
        f'<ellipse cx="136" cy="104" rx="4.2" ry="5" fill="{dark}"/><circle cx="137.6" cy="102.2" r="1.4" fill="#fff"/>',
        line("M119 106c-1 5-4 9-3 12 1 2 4 2 6 1", shade, 2.6),
    ]
    width = 3.2 if look.lashes else 4.4
    parts.append(line("M95 92c4-4 11-5 16-2", brow, width) + line("M145 92c-4-4-11-5-16-2", brow, width))
    if look.lashes:
        parts.append(
            line("M98 102c2-4 8-6 12-2m-12 2-3-2", dark, 2.2)
            + line("M142 102c-2-4-8-6-12-2m12 2 3-2", dark, 2.2)
        )
    if look.age:
        parts.append(line("M92 112c3 2 6 3 9 2m47-2c-3 2-6 3-9 2", shade, 1.8))
    if look.age > 1:
        parts.append(line("M104 124c-3 4-4 8-4 11m36-11c3 4 4 8 4 11", shade, 1.8))
    return "".join(parts)


def beard(look: Look) -> str:
    base = HAIR[look.hair][0]
    if look.beard == "full":
        return path(
            "M81 106c1 34 17 56 39 56s38-22 39-56c-4 8-7 14-12 17-8 2-18-2-27-2s-19 4-27 2c-5-3-8-9-12-17Z",
            base,
        )
    if look.beard == "goatee":
        return path("M104 128c6-6 26-6 32 0 4 14-2 32-16 32s-20-18-16-32Z", base)
    if look.beard == "stubble":
        return path(
            "M82 108c2 32 17 50 38 50s36-18 38-50c-4 9-8 14-13 17-7 1-16-3-25-3s-18 4-25 3c-5-3-9-8-13-17Z",
            base,
            ' opacity=".22"',
        )
    return ""


def mouth(look: Look, blush: str) -> str:
    if look.mouth == "open":
        return path("M107 129c8 3 18 3 26 0-1 9-6 14-13 14s-12-5-13-14Z", "#8c3b3a") + path(
            "M109.500 130c7 2 14 2 21 0-.4 3-1 4-2 5-5 1.500-12 1.500-17 0-1-1-1.600-2-2-5Z", "#fff"
        )
    colour = "#a9544c" if look.lashes else "#8e4a40"
    extra = line("M112 139c5 2 11 2 16 0", blush, 2.4, ' opacity=".5"') if look.lashes else ""
    return line("M108 131c7 6 17 6 24 0", colour, 3.2) + extra


def glasses(look: Look) -> str:
    frame = "#37404a" if look.hair not in {"black", "dark"} else "#7a4b32"
    if look.glasses == "round":
        lens = '<circle cx="103" cy="105" r="14"/><circle cx="137" cy="105" r="14"/>'
    elif look.glasses == "cat":
        lens = '<path d="M88 96l26 2c2 12-2 20-12 20s-14-8-14-22Zm64 0-26 2c-2 12 2 20 12 20s14-8 14-22Z"/>'
    elif look.glasses == "square":
        lens = '<rect x="88" y="94" width="28" height="22" rx="7"/><rect x="124" y="94" width="28" height="22" rx="7"/>'
    else:
        return ""
    return (
        f'<g fill="#fff" fill-opacity=".22" stroke="{frame}" stroke-width="3">{lens}'
        '<path d="M116 103c2-2 6-2 8 0M88 103l-7-2m71 2 7-2" fill="none"/></g>'
    )


def stethoscope() -> str:
    return (
        line("M88 176c-6 26 2 46 16 48m48-48c6 20 2 34-4 42", "#3d4a52", 4.5)
        + '<circle cx="106" cy="226" r="8" fill="#c6ccd0" stroke="#3d4a52" stroke-width="3.500"/>'
    )


def portrait(look: Look) -> str:
    """The whole picture as SVG text."""
    skin, shade, blush = SKIN[look.skin]
    base, light = HAIR[look.hair]
    tint, tint_2 = TINTS[look.tint]
    front, strand = FRONT[look.style]
    ears = (
        f'<ellipse cx="80" cy="108" rx="8" ry="11" fill="{skin}"/><ellipse cx="160" cy="108" rx="8" ry="11" fill="{skin}"/>'
        + line("M78 104c3 1 4 5 3 9m81-9c-3 1-4 5-3 9", shade, 2)
    )
    rings = (
        '<circle cx="79" cy="123" r="3.500" fill="#e0b04c"/><circle cx="161" cy="123" r="3.500" fill="#e0b04c"/>'
        if look.earrings
        else ""
    )
    back = BACK.get(look.style, "")
    neck_shadow = path(
        "M102 146c6 10 12 14 18 14s12-4 18-14v10c-6 8-12 12-18 12s-12-4-18-12Z", shade, ' opacity=".7"'
    )
    body = "".join(
        (
            f'<rect width="240" height="240" fill="{tint}"/>',
            f'<circle cx="176" cy="72" r="86" fill="{tint_2}" opacity=".55"/>',
            path(back, base) if back else "",
            clothes(look, skin, shade),
            neck_shadow if look.dress != "scrubs" else "",
            ears,
            rings,
            path(face_shape(look), skin),
            beard(look),
            features(look, shade, blush),
            mouth(look, blush),
            path(front, base),
            path("M82 94c-2-36 15-50 38-50s40 14 38 50c-4-8-7-13-10-17-18-9-38-9-56 0-3 4-6 9-10 17Z", base)
            if look.style == "curly"
            else "",
            line(strand, light, 3.5) if strand else "",
            glasses(look),
            stethoscope() if look.stethoscope else "",
        )
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240">{body}</svg>\n'


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for number, look in enumerate(LOOKS, start=1):
        (FOLDER / f"p{number:02d}.svg").write_text(portrait(look), encoding="utf-8")


if __name__ == "__main__":
    main()
