"""Wrong usage told in both languages: click's own errors, put into words of ours."""

from __future__ import annotations

import re

import click

_IN_BRACKETS = re.compile(r"\((.*)\)")


class Wrong(click.BadParameter):
    """A value that will not do, said in Chinese and English."""

    def __init__(
        self, zh: str, en: str, ctx: click.Context | None = None, param: click.Parameter | None = None
    ) -> None:
        super().__init__(f"{zh} / {en}", ctx, param)
        self.zh = zh
        self.en = en


def words_of(error: click.ClickException) -> tuple[str, str]:
    """What is wrong with the command line, in Chinese and English."""
    if isinstance(error, click.BadParameter):
        return _of_parameter(error)
    if isinstance(error, click.NoSuchOption):
        return _unknown("选项", "option", error.option_name, error.possibilities)
    if isinstance(error, click.exceptions.NoSuchCommand):
        return _unknown("命令", "command", error.command_name, error.possibilities)
    en = _one_line(error.format_message())
    if isinstance(error, click.BadOptionUsage):
        return (f"选项 {error.option_name} 后面缺少值，或不应带值", en)
    if "unexpected extra argument" in en:
        found = _IN_BRACKETS.search(en)
        return (f"多余的参数：{found[1] if found else ''}", en)
    return ("缺少命令" if en == "Missing command." else f"用法不对（{en}）", en)


def where_to_look(error: click.ClickException) -> str:
    """The usage line of the command and where its help is; empty if the command is not known."""
    context = getattr(error, "ctx", None)
    if context is None:
        return ""
    usage = context.get_usage().partition(":")[2].strip()
    return f"用法 usage: {usage}\n说明 help:  {context.command_path} --help"


def _of_parameter(error: click.BadParameter) -> tuple[str, str]:
    kind, name = _name_of(error.param)
    choices = error.param.type.choices if error.param and isinstance(error.param.type, click.Choice) else ()
    allowed = "、".join(map(str, choices))
    if isinstance(error, click.MissingParameter):
        zh = f"缺少必填的{kind[0]} {name}" + (f"；可用：{allowed}" if allowed else "")
        en = f"Missing {kind[1]} {name}" + (f"; one of {', '.join(map(str, choices))}" if allowed else "")
        return zh, en
    if isinstance(error, Wrong):
        return (f"{name}：{error.zh}", f"{name}: {error.en}")
    zh = f"{kind[0]} {name} 的值不对" + (f"；可用：{allowed}" if allowed else "")
    return zh, _one_line(f"Invalid value for {kind[1]} {name}: {error.message}")


def _name_of(param: click.Parameter | None) -> tuple[tuple[str, str], str]:
    if param is None:
        return ("参数", "parameter"), ""
    if isinstance(param, click.Argument):
        return ("参数", "argument"), param.human_readable_name
    return ("选项", "option"), max(param.opts, key=len)


def _unknown(zh: str, en: str, name: str, similar: list[str] | None) -> tuple[str, str]:
    near = sorted(similar or ())
    return (
        f"没有{zh} {name}" + (f"；是否想用 {'、'.join(near)}？" if near else ""),
        f"No such {en} {name}" + (f"; did you mean {', '.join(near)}?" if near else ""),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
