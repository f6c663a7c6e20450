"""Why the system would not do something, in words for people: Chinese and English for each usual cause."""

from __future__ import annotations

import errno
import os
import socket
import ssl

_CAUSES = {
    errno.ENOENT: ("文件或目录不存在", "no such file or folder"),
    errno.ENOTDIR: ("路径中有一级不是目录", "part of the path is no folder"),
    errno.EISDIR: ("该路径是目录，不是文件", "it is a folder, not a file"),
    errno.EEXIST: ("已有同名的文件", "something of that name is there already"),
    errno.EACCES: ("没有权限", "permission denied"),
    errno.EPERM: ("系统不允许", "not permitted by the system"),
    errno.EROFS: ("磁盘是只读的", "the disk is read-only"),
    errno.ENOSPC: ("磁盘已满", "the disk is full"),
    errno.EDQUOT: ("超出磁盘配额", "the disk quota is used up"),
    errno.EIO: ("磁盘读写错误", "input/output error of the disk"),
    errno.ESTALE: ("网络盘连接已失效", "the network drive lost its connection"),
    errno.ENAMETOOLONG: ("文件名过长", "the name is too long"),
    errno.ELOOP: ("是符号链接，不予读取", "it is a symbolic link, which is not followed"),
    errno.ECONNREFUSED: ("对方拒绝连接，服务可能没有启动", "connection refused, the server may not be running"),
    errno.ECONNRESET: ("连接被对方断开", "the other side cut the connection"),
    errno.EPIPE: ("连接已断开", "the connection is gone"),
    errno.ETIMEDOUT: ("等待超时", "timed out"),
    errno.EHOSTUNREACH: ("网络上找不到对方主机", "no route to the host"),
    errno.ENETUNREACH: ("网络不通", "the network is unreachable"),
    errno.EREMOTEIO: (
        "对方服务器拒绝了操作，常见原因是磁盘或配额已满",
        "the server refused, mostly since its disk or quota is full",
    ),
    errno.EOPNOTSUPP: ("对方服务器不支持该操作", "the server does not know how to do that"),
    errno.EMFILE: ("打开的文件过多", "too many open files"),
}


def cause_zh(error: OSError) -> str:
    """The cause in Chinese, with the path it is about."""
    return _told(error, 0)


def cause_en(error: OSError) -> str:
    """The cause in English, with the path it is about."""
    return _told(error, 1)


def _told(error: OSError, language: int) -> str:
    cause = _words(error)[language]
    return f"{_shown(error.filename)}: {cause}" if error.filename else cause


def _words(error: OSError) -> tuple[str, str]:
    """What the network's libraries say has numbers of its own, or none."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"对方的证书不可信（{error.verify_message}）", f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"加密连接失败（{error.reason}）", f"no protected connection ({error.reason})"
    if isinstance(error, socket.gaierror):
        return "找不到该主机名", "the name of the host is not known"
    if isinstance(error, TimeoutError):
        return _CAUSES[errno.ETIMEDOUT]
    told = error.strerror or str(error)
    return _CAUSES.get(error.errno or 0, (told, told))


def _shown(path: str | bytes) -> str:
    """A path as text that can be written anywhere, whatever bytes a stranger named his file with."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
