# ruff: noqa: INP001, PLR0917, PLR2004 - a script of drawings: coordinates are positional and literal, and it is no module
"""Draws the empty states and the clinics' facades: our own flat SVG art in the product's palette.

python frontend/art/illustrations.py      writes frontend/art/states/*.svg and frontend/art/clinics/*.svg
"""

from pathlib import Path

FOLDER = Path(__file__).parent

INK = "#2c4a48"
BRAND = "#0e6b5c"
MINT = "#bfe0d4"
PALE = "#e3f1ec"
WARM = "#d9603b"
PEACH = "#f6cdbb"
SAND = "#f2e6cd"
SKY = "#cfdef0"
BLUE = "#2b6299"
PAPER = "#ffffff"
LINE = "#d8d1c4"


def rect(x: float, y: float, w: float, h: float, fill: str, r: float = 0, extra: str = "") -> str:
    return f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{r}" fill="{fill}"{extra}/>'


def circle(x: float, y: float, r: float, fill: str, extra: str = "") -> str:
    return f'<circle cx="{x}" cy="{y}" r="{r}" fill="{fill}"{extra}/>'


def path(data: str, fill: str = "none", stroke: str = "", width: float = 3, extra: str = "") -> str:
    ink = (
        f' stroke="{stroke}" stroke-width="{width}" stroke-linecap="round" stroke-linejoin="round"'
        if stroke
        else ""
    )
    return f'<path d="{data}" fill="{fill}"{ink}{extra}/>'


def stage(*parts: str, blob: str = PALE) -> str:
    """A 240 by 180 picture on a soft blob with a floor line."""
    ground = (
        path("M34 96c-6-40 34-72 88-70 58 2 96 32 88 76-6 36-44 50-90 50S40 134 34 96Z", blob)
        + path("M26 152h188", stroke=LINE, width=2.5)
        + path("M14 152h4M222 152h6", stroke=LINE, width=2.5)
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 180">{ground}{"".join(parts)}</svg>\n'


def calendar(x: float = 70, y: float = 44, w: float = 100, h: float = 96) -> str:
    dots = "".join(
        rect(x + 12 + col * 20, y + 40 + row * 18, 12, 10, MINT if (row + col) % 3 else SAND, 3)
        for row in range(3)
        for col in range(4)
    )
    return (
        rect(x, y, w, h, PAPER, 12, f' stroke="{INK}" stroke-width="3"')
        + path(f"M{x} {y + 28}v-14a14 14 0 0 1 14-14h{w - 28}a14 14 0 0 1 14 14v14Z", BRAND)
        + path(f"M{x + 26} {y - 7}v14M{x + w - 26} {y - 7}v14", stroke=INK, width=5)
        + dots
    )


def plant(x: float, y: float = 152) -> str:
    return (
        path(
            f"M{x} {y - 26}c-14-6-20-20-18-34 12 4 20 16 18 34Zm0 0c12-6 18-20 14-38-10 6-16 20-14 38Z", MINT
        )
        + path(f"M{x} {y - 22}v-22", stroke=BRAND, width=2.5)
        + path(f"M{x - 12} {y - 24}h24l-4 24h-16Z", PEACH)
    )


def bubble_mark(x: float, y: float, fill: str, mark: str) -> str:
    return circle(x, y, 22, fill, f' stroke="{PAPER}" stroke-width="5"') + path(mark, stroke=PAPER, width=5)


STATES = {
    "no-slots": stage(calendar(), bubble_mark(166, 128, WARM, "M166 116v13l8 6"), plant(44)),
    "no-visits": stage(calendar(), bubble_mark(166, 128, BRAND, "M166 119v18M157 128h18"), plant(44)),
    "all-done": stage(calendar(), bubble_mark(166, 128, BRAND, "M156 128l7 8 13-15"), plant(44)),
    "no-results": stage(
        rect(58, 58, 92, 20, PAPER, 10, f' stroke="{LINE}" stroke-width="2.500"'),
        rect(58, 90, 72, 20, PAPER, 10, f' stroke="{LINE}" stroke-width="2.500"'),
        rect(68, 65, 36, 6, MINT, 3),
        rect(68, 97, 28, 6, MINT, 3),
        circle(146, 98, 32, "#ffffffcc", f' stroke="{INK}" stroke-width="6"'),
        path("M170 122l26 27", stroke=INK, width=9),
        path("M134 96c2-10 9-14 17-12", stroke=MINT, width=5),
        plant(40),
        blob=SAND,
    ),
    "no-doctors": stage(
        path("M74 152c0-30 20-44 46-44s46 14 46 44Z", PAPER, INK, 3),
        path("M106 110l14 22 14-22", MINT, INK, 3),
        circle(120, 78, 28, PEACH, f' stroke="{INK}" stroke-width="3"'),
        path("M92 78c-4-28 12-40 28-40s34 12 28 40c-6-10-14-18-20-20-12 8-28 10-36 20Z", INK),
        path("M112 90c5 5 11 5 16 0", stroke=INK, width=3),
        bubble_mark(172, 126, BRAND, "M172 117v18M163 126h18"),
        plant(44),
    ),
    "no-services": stage(
        rect(72, 40, 92, 110, PAPER, 12, f' stroke="{INK}" stroke-width="3"'),
        rect(98, 30, 40, 20, BRAND, 8),
        path("M88 72l5 6 9-11M88 98l5 6 9-11", stroke=BRAND, width=4),
        path("M114 74h34M114 100h26", stroke=LINE, width=6),
        circle(95, 124, 6, "none", f' stroke="{LINE}" stroke-width="3.500"'),
        path("M114 125h30", stroke=LINE, width=6),
        bubble_mark(172, 128, WARM, "M172 119v18M163 128h18"),
        plant(44),
        blob=SAND,
    ),
    "not-found": stage(
        path("M60 152V84l60-40 60 40v68Z", PAPER, INK, 3),
        path("M50 90l70-46 70 46", stroke=BRAND, width=7),
        rect(102, 102, 36, 50, SAND, 4, f' stroke="{INK}" stroke-width="3"'),
        circle(130, 128, 3, INK),
        path("M112 70c0-12 18-12 18-1 0 8-9 8-9 16m0 8v1", stroke=WARM, width=5),
        path("M72 108h16v16H72Zm80 0h16v16h-16Z", SKY, INK, 2.5),
        plant(206),
    ),
    "error": stage(
        rect(58, 50, 124, 84, PAPER, 12, f' stroke="{INK}" stroke-width="3"'),
        path("M58 74V62a12 12 0 0 1 12-12h100a12 12 0 0 1 12 12v12Z", INK),
        circle(72, 62, 3, PAPER),
        circle(83, 62, 3, PAPER),
        path("M74 108h20l8-18 12 34 9-24 6 8h36", stroke=WARM, width=4.5),
        path("M104 134v18M136 134v18M90 152h60", stroke=INK, width=4),
        plant(40),
        blob=SAND,
    ),
    "suspended": stage(
        path("M64 152V76h112v76Z", PAPER, INK, 3),
        path("M56 78l14-30h100l14 30Z", MINT, INK, 3),
        rect(78, 94, 28, 26, SKY, 3, f' stroke="{INK}" stroke-width="2.500"'),
        rect(134, 94, 28, 58, SAND, 3, f' stroke="{INK}" stroke-width="2.500"'),
        path("M120 56v14M113 63h14", stroke=BRAND, width=5),
        path("M126 100l44 0", stroke="none"),
        rect(118, 106, 60, 26, PAPER, 6, f' stroke="{WARM}" stroke-width="3"'),
        path("M128 119h40", stroke=WARM, width=5, extra=' stroke-dasharray="10 7"'),
        plant(44),
        blob=SAND,
    ),
    "sleeping": stage(
        path("M64 152V76h112v76Z", PAPER, INK, 3),
        path("M56 78l14-30h100l14 30Z", BRAND, INK, 3),
        path("M112 152v-40h26v40", SAND, INK, 3),
        path("M76 94h22v20H76Zm68 0h22v20h-22Z", SKY, INK, 2.5),
        circle(190, 44, 16, SAND),
        circle(197, 39, 14, PALE),
        path("M150 34h12l-12 12h12M168 20h8l-8 8h8", stroke=INK, width=3),
        plant(44),
    ),
    "mail": stage(
        path("M58 66l62-36 62 36v70a12 12 0 0 1-12 12H70a12 12 0 0 1-12-12Z", MINT, INK, 3),
        rect(76, 44, 88, 70, PAPER, 8, f' stroke="{INK}" stroke-width="3"'),
        path("M92 64h56M92 80h40", stroke=LINE, width=6),
        path("M58 72l62 44 62-44v64a12 12 0 0 1-12 12H70a12 12 0 0 1-12-12Z", PAPER, INK, 3),
        path("M62 144l44-36M178 144l-44-36", stroke=INK, width=3),
        bubble_mark(178, 60, BRAND, "M168 60l7 8 13-15"),
        plant(38),
    ),
}


def facade(sky: str, wall: str, roof: str, accent: str, *, floors: int, style: str) -> str:
    """A clinic from the street, 640 by 360."""
    top = 290 - floors * 70
    parts = [
        rect(0, 0, 640, 360, sky),
        circle(520, 80, 38, "#fff7e2"),
        path("M70 96c0-16 24-20 32-8 10-10 30-4 28 10 14 2 12 18-2 18H76c-16 0-18-18-6-20Z", "#ffffffcc"),
        path("M400 60c0-12 18-14 24-6 8-8 22-2 20 8 10 2 8 13-2 13h-38c-12 0-12-13-4-15Z", "#ffffffb3"),
        path("M0 300c60-40 120-30 180-14 80-50 160-30 220-4 70-36 150-30 240 10v68H0Z", "#cfe3d4"),
        rect(0, 304, 640, 56, "#dcd6ca"),
        rect(0, 304, 640, 6, "#c9c2b4"),
        rect(150, top, 340, 304 - top, wall, 0),
    ]
    if style == "gable":
        parts.append(path(f"M136 {top + 4}l184-78 184 78Z", roof))
        parts.append(circle(320, top - 24, 17, "#fff"))
        parts.append(path(f"M320 {top - 33}v18M311 {top - 24}h18", stroke=accent, width=5))
    elif style == "modern":
        parts.append(rect(140, top - 16, 360, 20, roof, 4))
        parts.append(rect(360, top - 44, 90, 30, wall))
        parts.append(rect(354, top - 50, 102, 10, roof, 3))
    else:
        parts.append(path(f"M142 {top + 2}h356l-14-22H156Z", roof))
        parts.append("".join(rect(150 + i * 34, top + 4, 17, 6, roof) for i in range(10)))
    for floor in range(floors):
        y = top + 22 + floor * 70
        ground = floor == floors - 1
        for column in range(5):
            x = 172 + column * 64
            if ground and column == 2:
                continue
            parts.append(rect(x - 3, y - 3, 46, 46, "#ffffff", 4))
            parts.append(rect(x, y, 40, 40, "#bcd8e6", 2))
            parts.append(path(f"M{x} {y + 26}l26-26h14v8L{x + 8} {y + 40}H{x}Z", "#d6e9f1"))
            parts.append(path(f"M{x + 20} {y}v40", stroke="#ffffff", width=3))
            if (floor * 5 + column) % 3 == 0:
                parts.append(path(f"M{x} {y}h40v9c-10 8-30 8-40 0Z", accent, extra=' opacity=".35"'))
    parts += [
        rect(280, 236, 80, 68, "#ffffff", 3),
        rect(286, 242, 33, 62, "#9fc4d3"),
        rect(321, 242, 33, 62, "#9fc4d3"),
        path("M313 274v10M327 274v10", stroke="#ffffff", width=4),
        path("M262 236h116l-10-20h-96Z", accent),
        rect(306, 196, 28, 16, "#fff", 4) if floors > 1 else "",
        path("M320 199v10M315 204h10", stroke=accent, width=3.5) if floors > 1 else "",
        rect(268, 304, 104, 8, "#c2baaa"),
    ]
    for x, size in ((92, 46), (548, 54), (598, 34)):
        parts.append(rect(x - 4, 300 - size, 8, size + 6, "#8a6b50", 3))
        parts.append(circle(x, 292 - size, size * 0.62, "#7fb596"))
        parts.append(circle(x - size * 0.3, 304 - size, size * 0.44, "#8fc3a5"))
    parts.append(
        path("M176 304c2-16 22-18 28-6 10-10 26-4 26 6Zm240 0c2-14 18-16 24-4 12-8 26-2 26 4Z", "#8fc3a5")
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360">{"".join(parts)}</svg>\n'


CLINICS = {
    "city": facade("#e0edf2", "#f6efe3", BRAND, BRAND, floors=3, style="modern"),
    "old-town": facade("#f4e9dc", "#f0cdb0", "#a85a3c", "#a8421f", floors=3, style="cornice"),
    "garden": facade("#e3f1ec", "#fbf6ea", "#6d8f6a", "#2b6299", floors=2, style="gable"),
    "harbour": facade("#dce9f5", "#ffffff", "#2b6299", "#2b6299", floors=2, style="modern"),
    "brick": facade("#f5efe4", "#d99a7c", "#5b4a42", "#12302b", floors=2, style="cornice"),
    "village": facade("#fbefdc", "#fffaf0", "#b3552f", BRAND, floors=1, style="gable"),
}


def main() -> None:
    for folder, pictures in (("states", STATES), ("clinics", CLINICS)):
        (FOLDER / folder).mkdir(exist_ok=True)
        for name, text in pictures.items():
            (FOLDER / folder / f"{name}.svg").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
