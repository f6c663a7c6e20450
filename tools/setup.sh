#!/bin/sh
# Makes the environment for `make demo` (no argument), `make test` or `make bench` (argument: test, bench) on a
# Debian machine with Python 3.11 or newer. What is there already is left as it is.
set -eu

cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
venv=${VENV:-.venv}
wanted=${1:-demo}

# Install Debian packages, as root or by sudo; say what to do where neither is possible.
need() {
    if [ "$(id -u)" = 0 ]; then as_root=; elif sudo -n true 2>/dev/null; then as_root=sudo; else
        echo "请安装以下软件包后重试 / install these packages and try again: apt-get install $*" >&2
        exit 2
    fi
    echo "安装系统软件包 / installing system packages: $*"
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "需要 Python 3.11 或更新版本；可用 PYTHON=… 指定 / Python 3.11 or newer is needed; name it with PYTHON=…" >&2
    exit 2
}
"$python" -c 'import ensurepip, venv' 2>/dev/null || need python3-venv
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"

if [ "$wanted" = test ]; then
    # Independent judges of our signatures: xmlsec1 and the JDK; of our papers: poppler.
    missing=
    command -v xmlsec1 >/dev/null || missing="$missing xmlsec1"
    command -v javac >/dev/null || missing="$missing default-jdk-headless"
    command -v pdffonts >/dev/null || missing="$missing poppler-utils"
    # What lets system calls fail, for the crash tests.
    command -v strace >/dev/null || missing="$missing strace"
    # OpenSSH's server for SFTP.
    [ -x /usr/sbin/sshd ] || missing="$missing openssh-server"
    # A smart card service with virtual readers, OpenSC as judge of our cards, and what pyscard is built with.
    [ -x /usr/sbin/pcscd ] || missing="$missing pcscd"
    command -v opensc-tool >/dev/null || missing="$missing opensc"
    [ -e /usr/lib/pcsc/drivers/serial/libifdvpcd.so ] || missing="$missing vsmartcard-vpcd"
    command -v swig >/dev/null || missing="$missing swig"
    [ -e /usr/include/PCSC/winscard.h ] || missing="$missing libpcsclite-dev"
    command -v cc >/dev/null || missing="$missing build-essential"
    "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
        missing="$missing python3-dev"
    [ -z "$missing" ] || need $missing
fi

extra=
[ "$wanted" = demo ] || extra="[$wanted]"
stamp="$venv/.installed-$wanted"
if [ ! -e "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
    echo "安装 Python 依赖（数分钟以内） / installing Python dependencies (some minutes at most)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".$extra"
    touch "$stamp"
fi
