"""One pass of expat over a text before anything is built from it: whether it is well-formed and within limits.

Refuses document type declarations at their first byte, so that no entity is ever read; processing
instructions; and whatever exceeds the `Limits`. Tells line, column and place of the first trouble.
"""

from __future__ import annotations

from typing import Any, NoReturn
from xml.parsers import expat

from edi.checks.encoding import not_utf8
from edi.checks.limits import Limits
from edi.core.findings import Dxp, Finding, clip

_CHUNK = 1 << 16
_QUOTED = 60


def prescan(text: bytes, limits: Limits) -> Finding | None:
    """The first thing that refuses the UTF-8 `text`, None if there is none. Memory stays flat."""
    return _Inspector(text, limits).run()


class _Refused(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.en)
        self.finding = finding


class _Inspector:
    """The state of one pass."""

    def __init__(self, text: bytes, limits: Limits) -> None:
        self._text = text
        self._limits = limits
        self._open: list[str] = []
        self._children = [0]
        self._namespaces = [0]
        self._nodes = 0
        self._attributes = 0
        self._names: dict[str, str] = {}
        self._parser = parser = expat.ParserCreate("utf-8", intern=self._names)
        parser.ordered_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CommentHandler = self._comment
        parser.StartDoctypeDeclHandler = self._doctype
        parser.ProcessingInstructionHandler = self._instruction

    def run(self) -> Finding | None:
        view = memoryview(self._text)
        try:
            for start in range(0, len(view), _CHUNK):
                chunk = view[start : start + _CHUNK]
                self._parser.Parse(chunk, False)  # noqa: FBT003 - expat's own signature
                # What expat has not consumed is one unfinished tag, whose attributes it would turn into objects.
                if start + len(chunk) - self._parser.CurrentByteIndex > self._limits.tag:
                    self._refuse_excess("单个标记的字节数", "bytes in one tag", self._limits.tag)
            self._parser.Parse(b"", True)  # noqa: FBT003
        except _Refused as refused:
            return refused.finding
        except expat.ExpatError as error:
            return self._explain(error)
        finally:
            del self._parser  # they know each other: megabytes of text must not wait for the garbage collector
        return None

    def _start(self, name: str, attributes: list[str]) -> None:
        self._count_node()
        self._open.append(name)
        self._children.append(0)
        limits = self._limits
        if len(self._open) > limits.depth:
            self._refuse_excess("元素嵌套层数", "nested elements", limits.depth)
        if len(self._names) > limits.names:
            self._refuse_excess("不同名称的数量", "different names", limits.names)
        self._namespaces.append(self._namespaces[-1])
        if attributes:
            self._count_attributes(attributes[::2])

    def _count_attributes(self, names: list[str]) -> None:
        limits = self._limits
        self._attributes += len(names)
        self._namespaces[-1] += sum(name == "xmlns" or name.startswith("xmlns:") for name in names)
        if len(names) > limits.attributes:
            self._refuse_excess("单个元素的属性数量", "attributes of one element", limits.attributes)
        if self._attributes > limits.attributes_in_all:
            self._refuse_excess("属性总数", "attributes", limits.attributes_in_all)
        if self._namespaces[-1] > limits.namespaces:
            self._refuse_excess(
                "同时有效的命名空间声明", "namespace declarations in force at one element", limits.namespaces
            )

    def _end(self, _name: str) -> None:
        self._open.pop()
        self._children.pop()
        self._namespaces.pop()

    def _comment(self, _text: str) -> None:
        self._count_node()

    def _count_node(self) -> None:
        self._nodes += 1
        if self._nodes > self._limits.nodes:
            self._refuse_excess("元素和注释的数量", "elements and comments", self._limits.nodes)
        self._children[-1] += 1
        if self._children[-1] > self._limits.children:
            self._refuse_excess("同一元素的子元素数量", "elements within one element", self._limits.children)

    def _doctype(self, *_: Any) -> None:
        self._refuse(
            "报文不得含有文档类型声明（DOCTYPE）和实体；请删除",
            "A message must not hold a document type declaration (DOCTYPE) or entities; remove it",
        )

    def _instruction(self, target: str, _data: str) -> None:
        self._refuse(
            f"报文不得含有处理指令 <?{clip(target)}?>；请删除",
            f"A message must not hold processing instructions such as <?{clip(target)}?>; remove it",
        )

    def _refuse_excess(self, zh: str, en: str, limit: int) -> NoReturn:
        self._refuse(
            f"报文超出限制：{zh}超过 {limit}；请检查生成报文的程序，或分成多份报文",
            f"The message exceeds a limit: more than {limit} {en}; check the program that writes it, or split it",
            expected=f"≤ {limit}",
        )

    def _refuse(self, zh: str, en: str, expected: str = "") -> NoReturn:
        raise _Refused(
            Finding(
                code=Dxp.OTHER_FORMAT,
                path=self._path(),
                line=self._parser.CurrentLineNumber,
                column=self._parser.CurrentColumnNumber + 1,
                expected=expected,
                zh=zh,
                en=en,
            )
        )

    def _path(self) -> str:
        """Names down to the innermost open element; without positions, which only a whole text has."""
        return clip("".join(f"/{name.rpartition(':')[2]}" for name in self._open))

    def _explain(self, error: expat.ExpatError) -> Finding:
        """What expat complains of, in the words of the person who has to mend the file."""
        if error.code == _INVALID_TOKEN and (wrong := not_utf8(self._text)):
            return wrong
        if not self._text.strip():
            return Finding(
                code=Dxp.BAD_FORMAT,
                zh="文件是空的；请重新导出并传送",
                en="The file is empty; export it again and send it",
            )
        code, zh, en = _COMPLAINTS.get(error.code, _OTHER_COMPLAINT)
        inside = clip(self._open[-1]) if self._open else ""
        at = self._parser.ErrorByteIndex
        return Finding(
            code=code,
            path=self._path(),
            line=error.lineno,
            column=error.offset + 1,
            found=clip(self._text[at : at + _QUOTED].decode("utf-8", "ignore")),
            zh=zh.format(inside=f"（元素 {inside} 尚未结束）" if inside else ""),
            en=en.format(inside=f" (element {inside} is still open)" if inside else ""),
        )


_INVALID_TOKEN = 4
_CUT_SHORT = (
    Dxp.BAD_FORMAT,
    "文件不完整，到此中断{inside}；请重新导出并完整传送",
    "The file is cut short here{inside}; export it again and send all of it",
)
_NOT_XML = (
    Dxp.BAD_FORMAT,
    "此处的字符不符合 XML 语法；请检查未转义的 < 和 &、控制字符和属性的引号",
    "This is not XML; look for unescaped < and &, control characters and the quotes of attributes",
)
_OTHER_COMPLAINT = (
    Dxp.BAD_FORMAT,
    "文件不是格式良好的 XML；请改正此处",
    "The file is not well-formed XML; mend this place",
)
_COMPLAINTS = {
    3: _CUT_SHORT,
    5: _CUT_SHORT,
    6: _CUT_SHORT,
    20: _CUT_SHORT,
    2: _NOT_XML,
    _INVALID_TOKEN: _NOT_XML,
    7: (
        Dxp.BAD_FORMAT,
        "结束标记与开始标记不一致{inside}；请改正",
        "The end tag does not match{inside}; mend it",
    ),
    8: (
        Dxp.BAD_FORMAT,
        "同一属性写了两次；请删除其中一个",
        "An attribute is written twice; remove one",
    ),
    9: (
        Dxp.BAD_FORMAT,
        "根元素之后还有内容；一个文件只能有一份报文",
        "There is content after the root element; a file holds one message",
    ),
    11: (
        Dxp.OTHER_FORMAT,
        "不得使用实体，只可使用 &amp; &lt; &gt; &quot; &apos; 和字符编号；请直接写出文字",
        "Entities must not be used, only &amp; &lt; &gt; &quot; &apos; and character numbers; write the text itself",
    ),
    14: (
        Dxp.BAD_FORMAT,
        "字符编号所指不是 XML 允许的字符；请删除",
        "The character number stands for a character that XML does not allow; remove it",
    ),
    17: (
        Dxp.BAD_FORMAT,
        "XML 声明之前不得有任何字符；请删除文件开头的空白",
        "Nothing may stand before the XML declaration; remove the blanks at the start of the file",
    ),
}
"""Code and words for expat's error numbers; `{inside}` tells the innermost open element."""
