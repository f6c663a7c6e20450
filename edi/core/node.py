"""Reading one business node by plain names, without namespace clutter."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(element).localname


def human_path(element: etree._Element) -> str:
    """XPath of the element, names unprefixed, positions where siblings share a name.

    In a tool with namespaces, set the message's namespace as the default element namespace.
    """
    steps = []
    while element is not None:
        steps.append(_step(element))
        parent = element.getparent()
        if parent is None:
            break
        element = parent
    return "/" + "/".join(reversed(steps))


@lru_cache(maxsize=4096)
def _steps(path: str, namespace: str) -> tuple[str, ...]:
    """The names of `path` with `namespace`, in braces, before each; the forms use the same few paths for every message."""
    return tuple(namespace + name for name in path.split("/"))


def _below(element: etree._Element, steps: tuple[str, ...]) -> Iterator[etree._Element]:
    """What iterfind gives for names alone, in half its time."""
    found = element.iterchildren(steps[0])
    return found if len(steps) == 1 else (one for child in found for one in _below(child, steps[1:]))


def _first(element: etree._Element, steps: tuple[str, ...]) -> etree._Element | None:
    """The first of those, without a generator for each step."""
    for child in element.iterchildren(steps[0]):
        found = child if len(steps) == 1 else _first(child, steps[1:])
        if found is not None:
            return found
    return None


def text_of(element: etree._Element) -> str:
    """Text of the element and all below it; comments do not cut it."""
    return "".join(element.itertext()) if len(element) else element.text or ""


def _step(element: etree._Element) -> str:
    name = local_name(element)
    parent = element.getparent()
    if parent is None:
        return name
    twins = parent.findall(str(element.tag))
    return name if len(twins) == 1 else f"{name}[{twins.index(element) + 1}]"


@dataclass(frozen=True)
class Node:
    """A block of a message. Paths are child names joined by `/`, e.g. `enterprise/uscc`."""

    element: etree._Element

    @property
    def message(self) -> Node:
        """The message the block stands in; the block itself where it stands alone."""
        return Node(self.element.getroottree().getroot())

    def _steps(self, path: str) -> tuple[str, ...]:
        space, brace, _ = str(self.element.tag).rpartition("}")
        return _steps(path, space + brace)

    def _find(self, path: str) -> Iterator[etree._Element]:
        return _below(self.element, self._steps(path))

    def text_here(self) -> str:
        """Text of the block itself."""
        return "".join(self.element.itertext())

    def text(self, path: str) -> str:
        """Text of the first element at `path`, empty if there is none."""
        found = _first(self.element, self._steps(path))
        return "" if found is None else text_of(found)

    def texts(self, path: str) -> list[str]:
        """Texts of all elements at `path`, in document order; comments do not cut them."""
        return [text_of(element) for element in self._find(path)]

    def nodes(self, path: str) -> Iterator[Node]:
        """The blocks at `path`, in document order."""
        return (Node(element) for element in self._find(path))

    def where(self, path: str = "") -> str:
        """XPath for a finding about `path`; the block itself where `path` has no element."""
        found = _first(self.element, self._steps(path)) if path else None
        return human_path(self.element if found is None else found)

    def canonical(self) -> str:
        """The block as a document of its own: exclusive canonical XML, without comments."""
        alone = copy.deepcopy(self.element)  # of a subtree in its document lxml loses the namespaces
        alone.tail = None
        written = etree.tostring(alone.getroottree(), method="c14n", exclusive=True, with_comments=False)
        return written.decode("utf-8")
