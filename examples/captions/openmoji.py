"""Makes what the example `captions` reads of the npm package openmoji: pictures of emoji, and their names.

    npm pack openmoji@17.0.0 && tar xzf openmoji-17.0.0.tgz
    python examples/captions/openmoji.py package FOLDER            # a PNG of 72 x 72 pixels for each, and names.txt
    python examples/captions/openmoji.py package FOLDER --sheet    # all as one PNG of 36 x 36 pixels each

The package has its pictures as SVG: rsvg-convert (Debian: librsvg2-bin) draws them, four thousand in a minute or two.
A sheet is made with Pillow (13.0.0), with 256 colours, and has people, faces, animals and food only, to be small. What
OpenMoji has beyond Unicode is left out.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

SIDE = 36  # of a picture in a sheet
COLUMNS = 64
KINDS = {
    "family": "family",
    "person": "person",
    "person-activity": "activity",
    "person-fantasy": "fantasy",
    "person-gesture": "gesture",
    "person-resting": "activity",
    "person-role": "role",
    "person-sport": "sport",
    "person-symbol": "thing",
}


def kind(emoji):
    """What it is of: a person by what makes it one, a hand (or another part of the body), or a thing."""
    if emoji["group"] != "people-body":
        return "thing"
    return KINDS.get(emoji["subgroups"], "hand")


def draw(package, folder, code):
    """Writes CODE.png with 72 x 72 pixels."""
    command = ["rsvg-convert", "--width=72", "--height=72", f"--output={folder / code}.png"]
    subprocess.run([*command, package / "color" / "svg" / f"{code}.svg"], check=True)


def sheet(folder, codes):
    """All pictures over white, row by row."""
    from PIL import Image

    whole = Image.new("RGB", (COLUMNS * SIDE, -(-len(codes) // COLUMNS) * SIDE), "white")
    for i, code in enumerate(codes):
        drawn = Image.open(folder / f"{code}.png").convert("RGBA")
        over_white = Image.new("RGBA", drawn.size, "white")
        over_white.alpha_composite(drawn)
        place = (i % COLUMNS * SIDE, i // COLUMNS * SIDE)
        whole.paste(over_white.convert("RGB").reduce(drawn.width // SIDE), place)
    return whole.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--sheet", action="store_true")
    arguments = parser.parse_args()
    package, folder = arguments.package, arguments.folder
    version = json.loads((package / "package.json").read_text())["version"]
    emoji = json.loads((package / "data" / "openmoji.json").read_text())
    without = {"component", "extras-openmoji", "extras-unicode"}
    if arguments.sheet:
        without |= {"activities", "flags", "objects", "symbols", "travel-places"}
    emoji = [e for e in emoji if e["group"] not in without]
    codes = [e["hexcode"] for e in emoji]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as drawn, ThreadPoolExecutor() as pool:
        target = pathlib.Path(drawn) if arguments.sheet else folder
        list(pool.map(lambda code: draw(package, target, code), codes))
        if arguments.sheet:
            sheet(target, codes).save(folder / "pictures.png", optimize=True)
    lines = [f"# OpenMoji {version}, https://openmoji.org, CC BY-SA 4.0: code, kind and name of each picture"]
    lines += ["\t".join([e["hexcode"], kind(e), e["annotation"]]) for e in emoji]
    (folder / "names.txt").write_text("\n".join(lines) + "\n")
    print(len(codes), "pictures")


if __name__ == "__main__":
    main()
