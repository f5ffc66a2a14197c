"""A page as a tree: what stands inside what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"]
)


@dataclass(eq=False)
class Element:
    """One element with its attributes and all that is in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(self.attributes.get("class", "").split())

    @property
    def text(self) -> str:
        """What a reader sees of it, on one line."""
        return " ".join("".join(self.strings()).split())

    def strings(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child.strings()

    def within(self) -> Iterator[Element]:
        """The elements it stands in, itself first."""
        here: Element | None = self
        while here is not None:
            yield here
            here = here.parent

    def everything(self) -> Iterator[Element]:
        """All elements inside, in the order of the page."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.everything()

    def all(self, tag: str = "", css: str = "") -> Iterator[Element]:
        """The elements inside of a name, or of a class."""
        for element in self.everything():
            if (not tag or element.tag == tag) and (not css or css in element.classes):
                yield element

    def texts(self) -> Iterator[tuple[Element, str]]:
        """Each piece of text with the element that holds it."""
        for element in (self, *self.everything()):
            for child in element.children:
                if isinstance(child, str) and child.strip():
                    yield element, child


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("root")
        self.here = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        element = Element(tag, given, self.here)
        self.here.children.append(element)
        if tag not in VOID:
            self.here = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        for element in self.here.within():
            if element.tag == tag and element.parent is not None:
                self.here = element.parent
                return

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)


def tree_of(html: str) -> Element:
    """The page, or the fragment of one."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root
