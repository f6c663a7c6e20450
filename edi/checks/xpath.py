"""XPath 1.0 as rules may use it: vetted word by word when rules are loaded, compiled once.

Refuses whatever libxml2 would only stumble over at run time, or a strict XSLT processor would take
otherwise: unknown functions and prefixes, document() with a computed address, contexts that are no
plain paths.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lxml import etree

from edi.checks import long_text
from edi.checks.xpath_inline import as_literal, code_test, written_into
from edi.checks.xpath_words import Token, XPathFault, read_words

Value = Any
"""What XPath computes: text, number, truth or a list of elements."""

_CONTEXT_FREE = frozenset({"true", "false"})
_FUNCTIONS = frozenset(
    {
        *("last", "position", "count", "local-name", "namespace-uri", "name", "lang", "document"),
        *("string", "concat", "starts-with", "contains", "substring-before", "substring-after", "substring"),
        *("string-length", "normalize-space", "translate", "boolean", "not", "true", "false"),
        *("number", "sum", "floor", "ceiling", "round"),
    }
)
"""XPath 1.0 without id(), which needs a DTD, and document() of XSLT."""
_NO_CONSTANTS: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True)
class Expression:
    """A compiled expression. Call it with the context node and the values of its variables."""

    names: tuple[str, ...]
    """The variables it speaks of."""
    is_constant: bool
    """True if neither the node nor any variable that is not constant has a part in it."""
    is_relative: bool
    """True if the value depends on the context node, not only on its document."""
    _variables: tuple[str, ...]
    """Those that are still to be handed over."""
    _compiled: Callable[..., Value]

    def __call__(self, node: etree._Element, scope: Mapping[str, Value]) -> Value:
        """The value at `node`."""
        if self._variables:
            return self._compiled(node, **{name: scope[name] for name in self._variables})
        return self._compiled(node)


@dataclass(frozen=True)
class Context:
    """The path of a rule: which elements it speaks of, anywhere in the document."""

    source: str
    _compiled: Callable[[etree._Element], Sequence[etree._Element]]
    _first: str
    """Name of the elements with which the path begins; empty if it may begin with others, or has alternatives."""
    _from_parent: Callable[[etree._Element], Sequence[etree._Element]]
    """The same path, for the parent of those elements: to look for them all over the document takes thrice the time."""
    _last: frozenset[str]
    """Names one of which the element must have; empty if it may have any."""
    _upwards: tuple[str, ...]
    """For a plain path of names: those names from the element upwards."""

    def nodes(self, document: Index) -> Sequence[etree._Element]:
        """The elements, in document order."""
        if self._upwards:
            candidates = document.by_name.get(self._upwards[0], ())
            return [element for element in candidates if _stands_in(element, self._upwards)]
        if self._last and self._last.isdisjoint(document.by_name):
            return ()
        found = document.found.get(self.source)
        if found is None:
            found = document.found[self.source] = self._find(document)
        return found

    def _find(self, document: Index) -> Sequence[etree._Element]:
        if self._first:
            parents = {one.getparent() for one in document.by_name.get(self._first, ())}
            if len(parents) == 1 and (parent := parents.pop()) is not None:
                return self._from_parent(parent)
        return self._compiled(document.root)


class Index:
    """The elements of one document by name, made once per check; keeps them alive, so that they stay themselves."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.found: dict[str, Sequence[etree._Element]] = {}
        self.by_name: dict[str, list[etree._Element]] = defaultdict(list)
        for element in root.iter(etree.Element):
            self.by_name[str(element.tag)].append(element)


def _stands_in(element: etree._Element, upwards: tuple[str, ...]) -> bool:
    here: etree._Element | None = element
    for name in upwards[1:]:
        here = here.getparent() if here is not None else None
        if here is None or here.tag != name:
            return False
    return True


@dataclass(frozen=True)
class Compiler:
    """Compiles the expressions of one rule file."""

    namespaces: Mapping[str, str]
    """Prefix to namespace, as the file declares them."""
    documents: Callable[[str], etree._Element]
    """Gives the root of the document at a relative address, e.g. a code table."""
    _loaded: dict[str, etree._Element] = field(default_factory=dict)
    _vetted: dict[str, list[Token]] = field(default_factory=dict)
    _compiled: dict[str, etree.XPath] = field(default_factory=dict)
    """What was read and compiled before: rules that extend an abstract one have most expressions in common."""

    def compile(self, source: str, wrap: str = "", constants: Mapping[str, Value] = _NO_CONSTANTS) -> Expression:
        """The expression; `wrap` is the function its value goes through, e.g. `boolean`.

        Constants are written into it where XPath has a way to write them: handing a code table of 20 KB
        over with every call would take ten times as long as searching it.
        """
        tokens = self._vet(source)
        self._xpath(source)  # alone, so that no bracket of `wrap` mends it
        variables = dict.fromkeys(token.text for token in tokens if token.kind == "variable")
        literals = {name: as_literal(constants[name]) for name in variables if name in constants}
        is_relative = any(_looks_at_node(tokens, index) for index in range(len(tokens)))
        is_absolute = any(token.kind == "path" and token.begins for token in tokens)
        inlined = written_into(source, tokens, literals)
        shortcut = code_test(source, constants) if wrap == "boolean" else None
        return Expression(
            names=tuple(variables),
            is_constant=not is_relative and not is_absolute and constants.keys() >= variables.keys(),
            is_relative=is_relative,
            _variables=tuple(name for name in variables if not literals.get(name)),
            _compiled=shortcut or self._xpath(f"{wrap}({inlined})" if wrap else inlined),
        )

    def compile_context(self, source: str) -> Context:
        """The context of a rule: names and predicates joined by `/`, alternatives by `|`."""
        tokens = self._vet(source)
        _vet_context(tokens)
        paths = list(_split(source, tokens))
        names = [[token for token in path if token.kind == "step" and not token.depth] for _, path in paths]
        last = frozenset(self._clark(path[-1].text) for path in names)
        is_plain = len(paths) == 1 and all(token.kind == "step" or token.text == "/" for token in tokens)
        upwards = tuple(self._clark(token.text) for token in reversed(tokens) if token.kind == "step")
        begins = len(paths) == 1 and tokens[0].kind == "step" and "*" not in tokens[0].text
        return Context(
            source=source,
            _compiled=self._xpath(" | ".join(text if text.startswith("/") else f"//{text}" for text, _ in paths)),
            _first=self._clark(tokens[0].text) if begins else "",
            _from_parent=self._xpath(source),
            _last=frozenset() if any("*" in name for name in last) else last,
            _upwards=() if not is_plain or tokens[0].kind == "path" or any("*" in one for one in upwards) else upwards,
        )

    def _vet(self, source: str) -> list[Token]:
        tokens = self._vetted.get(source)
        if tokens is None:
            tokens = self._vetted[source] = self._vet_anew(source)
        return tokens

    def _vet_anew(self, source: str) -> list[Token]:
        tokens = list(read_words(source))
        if not tokens:
            raise XPathFault("表达式是空的", "the expression is empty")
        for index, token in enumerate(tokens):
            if token.kind == "function":
                self._vet_function(tokens, index)
            elif token.kind == "step" and ":" in token.text and token.text.partition(":")[0] not in self.namespaces:
                raise XPathFault(f"前缀没有声明：{token.text}", f"prefix not declared: {token.text}")
        return tokens

    def _vet_function(self, tokens: list[Token], index: int) -> None:
        name = tokens[index].text
        if name not in _FUNCTIONS:
            raise XPathFault(f"不支持的函数：{name}()", f"function not supported: {name}()")
        if name == "document":
            inside = [token.kind for token in tokens[index + 1 : index + 4]]
            if inside != ["(", "literal", ")"]:
                raise XPathFault("document() 的地址必须是字面值", "document() takes one literal address")
            self._load(tokens[index + 2].text)

    def _load(self, address: str) -> None:
        """Keep the document under a parent of its own, which stands for its root node."""
        if address not in self._loaded:
            holder = etree.Element("document")
            holder.append(self.documents(address))
            self._loaded[address] = holder

    def _xpath(self, source: str) -> etree.XPath:
        compiled = self._compiled.get(source)
        if compiled is None:
            compiled = self._compiled[source] = self._compile_anew(source)
        return compiled

    def _compile_anew(self, source: str) -> etree.XPath:
        functions: dict[str, Callable[..., Any]] = {
            "document": self._document,
            long_text.TRANSLATE: long_text.translate,
        }
        extensions = {(None, name): function for name, function in functions.items() if name in source}
        try:
            return etree.XPath(source, namespaces=dict(self.namespaces), extensions=extensions, smart_strings=False)
        except etree.XPathSyntaxError as error:
            raise XPathFault(f"XPath 语法错误：{source}", f"not valid XPath ({error}): {source}") from error

    def _document(self, _context: object, address: str) -> list[etree._Element]:
        return [self._loaded[address]]

    def _clark(self, name: str) -> str:
        prefix, colon, local = name.rpartition(":")
        return f"{{{self.namespaces[prefix]}}}{local}" if colon else name


def _looks_at_node(tokens: list[Token], index: int) -> bool:
    """True if this word makes the value depend on the context node."""
    token = tokens[index]
    if token.depth:
        return False
    if token.kind == "function":
        is_bare = [one.kind for one in tokens[index + 1 : index + 3]] == ["(", ")"]
        return is_bare and token.text not in _CONTEXT_FREE
    return token.begins and token.kind in ("step", "axis", "@", ".", "..")


def _vet_context(tokens: list[Token]) -> None:
    for token in tokens:
        if token.kind == "variable" or (token.kind == "function" and token.text == "document"):
            raise XPathFault(f"context 中不得使用：{token.text}", f"not allowed in a context: {token.text}")
        if not token.depth and token.kind not in ("step", "path", "[", "]", "|"):
            raise XPathFault(
                f"context 只能是简单路径：{token.text}", f"a context is a plain path, without {token.text}"
            )
    ends = [after is None or after.kind == "|" for after in (*tokens[1:], None)]
    if tokens[0].kind == "|" or any(
        end and token.kind in ("path", "|") for token, end in zip(tokens, ends, strict=True)
    ):
        raise XPathFault("context 必须指向元素", "a context must lead to elements")


def _split(source: str, tokens: list[Token]) -> Iterator[tuple[str, list[Token]]]:
    """The alternatives of a context, as text and as words."""
    start = 0
    path: list[Token] = []
    for token in tokens:
        if token.kind == "|" and not token.depth:
            yield source[start : token.start].strip(), path
            start, path = token.start + 1, []
        else:
            path.append(token)
    yield source[start:].strip(), path
