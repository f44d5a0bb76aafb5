"""Pictures of classes that are no digits."""

from PIL import Image, ImageDraw


def draw_classes(root, names, count):
    """Draw pictures of discs, each class with its own number of them, dark on light."""
    for number, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for place in range(count):
            picture = Image.new("L", (40, 40), 255)
            pen = ImageDraw.Draw(picture)
            for disc in range(number + 1):
                left = 4 + 8 * (disc % 4)
                top = 4 + 8 * (disc // 4) + place % 4
                pen.ellipse((left, top, left + 6, top + 6), fill=0)
            picture.save(root / name / f"{place}.png")
