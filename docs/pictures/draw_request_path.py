"""Draws the picture of one request's path, once for each language: request-path.en.svg and request-path.zh.svg.

python3 docs/pictures/draw_request_path.py
"""

from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 960, 530
NODES_X = (150, 480, 810)
CARD_WIDTH, CARD_HEIGHT, CARD_Y = 230, 84, 36
LIFELINE_END = 462

FONTS = "system-ui, -apple-system, Segoe UI, PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif"
INK, QUIET, LINE, PAPER = "#1f2328", "#59636e", "#d0d7de", "#ffffff"
COLOURS = ("#0969da", "#8250df", "#1a7f37")
TINTS = ("#ddf4ff", "#fbefff", "#dafbe1")

TEXTS = {
    "en": {
        "title": "A customer of Guangdong at a counter in Shanghai",
        "nodes": ("31 Shanghai", "Headquarters", "44 Guangdong"),
        "roles": ("where the customer stands", "hub: relays, decides, witnesses", "the customer's own province"),
        "arrows": (
            ("suspend this number", "signed by Shanghai"),
            ("the same bytes, untouched", "plus the hub's stamp"),
            ("done, or refused with a reason", "signed by Guangdong"),
            ("the answer, untouched", "plus the hub's stamp"),
        ),
        "works": ("", "admits once; counts the time limit", "carried out once, in one transaction", "", "completed"),
        "foot": "Each node has its own process, database and keys. "
        "Whatever is acknowledged is on that node's disk first.",
    },
    "zh": {
        "title": "广东客户在上海营业厅办理停机",
        "nodes": ("31 上海", "总部", "44 广东"),
        "roles": ("受理省：客户所在地", "枢纽：转发、裁决、存证", "归属省：客户资料所在地"),
        "arrows": (
            ("请求停机", "由上海签名"),
            ("原文原样转发", "附枢纽戳记"),
            ("办理结果，或拒绝原因", "由广东签名"),
            ("应答原样转回", "附枢纽戳记"),
        ),
        "works": ("", "只受理一次，计算时限", "一个事务内只办理一次", "", "已完成"),
        "foot": "每个节点有独立的进程、数据库和密钥；凡已确认的消息，必先写入该节点磁盘。",
    },
}

ARROWS = ((0, 1, 168), (1, 2, 256), (2, 1, 348), (1, 0, 420))
"""From which node to which, and how far down."""
WORKS = ((1, 212, 1), (2, 302, 2), (0, 448, 4))
"""What happens at a node between two arrows: the node, how far down, which text."""


def draw(texts: dict[str, tuple[str, ...] | str]) -> str:
    """The picture as SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="{FONTS}">',
        f"<title>{escape(str(texts['title']))}</title>",
        # A sheet of its own: the picture is read on dark pages too.
        f'<rect x="1" y="1" width="{WIDTH - 2}" height="{HEIGHT - 2}" rx="14" fill="{PAPER}" stroke="{LINE}"/>',
    ]
    parts += [_node(place, texts) for place in range(3)]
    parts += [_arrow(number, texts) for number in range(4)]
    parts += [_work(*work, texts) for work in WORKS]
    parts.append(_text(WIDTH / 2, HEIGHT - 26, str(texts["foot"]), 13.5, QUIET))
    return "\n".join([*parts, "</svg>", ""])


def _node(place: int, texts: dict) -> str:
    x, colour, tint = NODES_X[place], COLOURS[place], TINTS[place]
    left = x - CARD_WIDTH / 2
    line = (
        f'<path d="M{x} {CARD_Y + CARD_HEIGHT}V{LIFELINE_END}" stroke="{LINE}" stroke-width="2" '
        'stroke-dasharray="2 6"/>'
    )
    card = (
        f'<rect x="{left}" y="{CARD_Y}" width="{CARD_WIDTH}" height="{CARD_HEIGHT}" rx="10" fill="{tint}" '
        f'stroke="{colour}" stroke-width="1.5"/>'
    )
    name = _text(x + 16, CARD_Y + 38, texts["nodes"][place], 19, INK, bold=True)
    role = _text(x, CARD_Y + 64, texts["roles"][place], 13, QUIET)
    return line + card + _database(left + 20, CARD_Y + 18, colour) + name + role


def _database(x: float, y: float, colour: str) -> str:
    """Each node keeps its own."""
    return (
        f'<g fill="{PAPER}" stroke="{colour}" stroke-width="1.6">'
        f'<path d="M{x} {y + 4}v18c0 5 24 5 24 0v-18"/><ellipse cx="{x + 12}" cy="{y + 4}" rx="12" ry="4"/>'
        f'<path d="M{x} {y + 13}c0 5 24 5 24 0" fill="none"/></g>'
    )


def _arrow(number: int, texts: dict) -> str:
    start, end, y = ARROWS[number]
    # The bytes keep the colour of who signed them, wherever they travel.
    colour = COLOURS[0] if number < 2 else COLOURS[2]
    step = 1 if end > start else -1
    first, last = NODES_X[start] + step * 8, NODES_X[end] - step * 8
    middle = (NODES_X[start] + NODES_X[end]) / 2
    said, proof = texts["arrows"][number]
    return (
        f'<path d="M{first} {y}H{last - step * 9}" stroke="{colour}" stroke-width="2.5"/>'
        f'<path d="M{last} {y}l{-step * 12} -6v12z" fill="{colour}"/>'
        f'<circle cx="{first + step * 14}" cy="{y}" r="11" fill="{colour}"/>'
        + _text(first + step * 14, y + 4.5, str(number + 1), 13, PAPER, bold=True)
        + _text(middle + step * 8, y - 9, said, 14, INK)
        + _text(middle + step * 8, y + 19, proof, 12, COLOURS[start])
    )


def _work(place: int, y: int, text: int, texts: dict) -> str:
    x, words = NODES_X[place], texts["works"][text]
    width = 24 + sum(13 if character > "\u2e7f" else 6.7 for character in words)
    return (
        f'<rect x="{x - width / 2}" y="{y - 15}" width="{width}" height="28" rx="14" fill="{TINTS[place]}" '
        f'stroke="{COLOURS[place]}"/>' + _text(x, y + 4, words, 13, INK)
    )


def _text(x: float, y: float, words: str, size: float, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}" text-anchor="middle"{weight}>{escape(words)}</text>'
    )


if __name__ == "__main__":
    for language, texts in TEXTS.items():
        Path(__file__).with_name(f"request-path.{language}.svg").write_text(draw(texts), encoding="utf-8")
