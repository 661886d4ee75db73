"""The sentences of a file that a person reads, without the code, the quotations and the values in them."""

import ast
import re
from html.parser import HTMLParser

# A sentence begins with a capital letter, a piece of code or a link.
END = re.compile(r"(?<=[.!?:])[)\0]*\s+(?=[A-Z(\0])")
# What is not ours to say: code, a quotation, the names that commands and rules have. Nothing moves: what is left out leaves
# its width behind.
NOTHING = "\0"
QUOTED = [
    (re.compile(r"`[^`]*`"), "X"),
    (re.compile(r"(?P<open>!?\[)(?P<kept>[^\]]*)\]\([^)]*\)"), ""),
    (re.compile(r"\"[^\"]{1,120}\""), "X"),
    (re.compile(r"(?<![\w'])'[^']{1,80}'(?!\w)"), "X"),
    (re.compile(r"<!--.*?-->|</?\w+[^>]*>"), ""),
    (re.compile(r"(?P<open>\*{1,2})(?P<kept>[^*]+)\*{1,2}"), ""),
]
# What is left in a sentence when it is a program.
CODE = re.compile(r"[{}]|\bfunc \w|\(_ |;\s*$")
VALUE = re.compile(r"\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
ITEM = re.compile(r"^\s*(?:[-*>]|\d+\.)\s+")


class Text:
    """Words that belong together, and the line that each part of them is on."""

    def __init__(self):
        self.parts = []

    def add(self, line, text):
        self.parts.append((line, text.strip()))

    def sentences(self):
        """Each sentence: its line, its words without what is quoted, and as it is."""
        whole, lines = "", []
        for line, text in self.parts:
            lines += [line] * (len(text) + 1)
            whole += text + " "
        masked = whole
        for pattern, by in QUOTED:
            masked = pattern.sub(lambda match, by=by: mask(match, by), masked)
        place = 0
        for end in [*(match.end() for match in END.finditer(masked)), len(masked)]:
            words = " ".join(masked[place:end].replace(NOTHING, "").split())
            if len(words.split()) > 2 and not CODE.search(words):
                yield lines[place], words, " ".join(whole[place:end].split())
            place = end


def mask(match, by):
    """What stays of a quotation, as wide as it was."""
    kept = match.groupdict().get("kept")
    if kept is None:
        return by.ljust(len(match[0]), NOTHING)
    return (NOTHING * len(match["open"]) + kept).ljust(len(match[0]), NOTHING)


def of_markdown(source):
    """Paragraphs, items, cells and headings; of what a block shows, the comments of Swift."""
    text, is_code, is_head = Text(), False, source.startswith("---\n")
    is_swift = False
    for number, line in enumerate(source.split("\n"), 1):
        bare = line.strip()
        if bare.startswith("```"):
            is_code, is_swift = not is_code, bare == "```swift"
        if is_swift and bare.startswith("//"):
            text.add(number, bare.lstrip("/"))
            continue
        starts = not bare or is_code or bare[0] in "`#|" or bare.startswith(("<", "---")) or ITEM.match(line) or is_head
        if starts:
            yield text
            text = Text()
        if is_code or bare.startswith(("```", "<", "#", "---")):
            is_head = is_head and (number == 1 or bare != "---")
            continue
        if is_head and bare:
            bare = bare.partition(":")[2]
        if bare.startswith("|"):
            for cell in bare.strip("|").split(" | "):
                text.add(number, cell)
                yield text
                text = Text()
        elif bare:
            text.add(number, ITEM.sub("", line))
    yield text


def of_swift(source):
    """What the literals say: those that are joined by `+`, or are one of several lines, are one text."""
    text, is_block, joins = Text(), False, False
    for number, line in enumerate(source.split("\n"), 1):
        bare = line.strip()
        if is_block:
            if bare.startswith('"""'):
                is_block = False
                yield text
                text = Text()
            elif bare:
                text.add(number, plain(bare.removesuffix("\\")))
            else:
                yield text
                text = Text()
            continue
        if bare.startswith("//"):
            continue
        if bare.endswith('"""'):
            yield text
            text, is_block = Text(), True
            continue
        for literal in re.finditer(r'(?P<join>\+\s*)?"(?P<text>(?:\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|[^"\\]|\\.)*)"', line):
            if not (literal["join"] or joins):
                yield text
                text = Text()
            text.add(number, plain(literal["text"]))
            joins = False
        joins = bare.endswith("+") or (bare == "" and joins)
    yield text


class Markup(HTMLParser):
    """The words between the tags, and those that a screen reader says."""

    INLINE = {"b", "code", "em", "i", "span", "strong"}

    def __init__(self):
        super().__init__()
        self.texts, self.hidden = [Text()], 0

    def handle_starttag(self, tag, attributes):
        if tag not in self.INLINE:
            self.texts.append(Text())
        self.hidden += tag in ("script", "style")
        for name, value in attributes:
            if name in ("alt", "aria-label", "title") and value:
                self.texts.insert(0, Text())
                self.texts[0].add(self.getpos()[0], value)

    def handle_endtag(self, tag):
        if tag not in self.INLINE:
            self.texts.append(Text())
        self.hidden -= tag in ("script", "style")

    def handle_data(self, data):
        if not self.hidden and data.strip():
            self.texts[-1].add(self.getpos()[0], data)


def of_markup(source):
    """What a page in HTML says."""
    markup = Markup()
    markup.feed(source)
    return markup.texts


def of_script(source):
    """What the literals of a script in JavaScript say."""
    for number, line in enumerate(source.split("\n"), 1):
        if line.strip().startswith(("//", "*", "/*")):
            continue
        for literal in re.findall(r'"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`', line):
            text = Text()
            text.add(number, re.sub(r"\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", "X", literal[1:-1]).rstrip(".") + ".")
            yield text


def of_titles(source):
    """The titles of tests, which the conformance report shows; the rest of a case quotes brokers."""
    for title in re.finditer(r'@Test\(\s*"((?:[^"\\]|\\.)*)"', source):
        text = Text()
        text.add(source.count("\n", 0, title.start(1)) + 1, plain(title[1]).rstrip(".") + ".")
        yield text


def of_rules(source):
    """What each line of the catalogue means; the columns after it quote RabbitMQ."""
    head, *lines = source.splitlines()
    place = head.split("\t").index("meaning")
    for number, line in enumerate(lines, 2):
        text = Text()
        text.add(number, line.split("\t")[place])
        yield text


def plain(literal):
    """With a word in place of each value, and the quotation marks themselves."""
    counted = re.sub(r"\\\([\w.]*(?:[cC]ount|total)\)", "COUNT", literal)
    return VALUE.sub("X", counted).replace('\\"', '"').replace("\\n", " ").replace("\\t", " ")


def of_python(source):
    """What a program in Python says: its first words, and its texts."""
    tree = ast.parse(source)
    comments = [
        node.body[0].value for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and isinstance(node.body[0], ast.Expr)
    ]  # fmt: skip
    for node in ast.walk(tree):
        if node in comments:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value.split()) > 3:
            yield from paragraphs(node.value, node.lineno)
        elif isinstance(node, ast.JoinedStr):
            text = Text()
            values = [v.value if isinstance(v, ast.Constant) else "X" for v in node.values]
            text.add(node.lineno, "".join(values))
            yield text


def of_shell(source):
    """Comments at the head, texts of `cat <<`, and what `echo` says."""
    lines = source.split("\n")
    head = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    yield from paragraphs("\n".join(line.lstrip("# ") for line in lines[1:head]), 2)
    end, text, start = None, [], 0
    for number, line in enumerate(lines[head:], head + 1):
        if end:
            if line.strip() == end:
                yield from paragraphs("\n".join(text), start)
                end, text = None, []
            else:
                text.append(line)
        elif opened := re.search(r"cat <<-?'?(\w+)'?", line):
            end, start = opened[1], number + 1
        elif re.match(r"\s*(?:.*\b)?(?:echo|step|fail|note|say)\b", line):
            for literal in re.findall(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'', line):
                said = Text()
                said.add(number, re.sub(r"\$\{[^}]*\}|\$\w+|\$\([^)]*\)", "X", literal[0] or literal[1]))
                yield said


def paragraphs(words, first):
    """Lines that follow each other are one text; a line that is further in begins another."""
    text = Text()
    for number, line in enumerate(words.split("\n"), first):
        if not line.strip() or line.startswith("  "):
            yield text
            text = Text()
        if line.strip():
            text.add(number, re.sub(r"^\s+-?[\w.@|\[\]=-]+(?: [A-Z]+)?\s{2,}", "", line))
    yield text
