"""500 filings through SFTP both ways while the servers die and the lines are cut (issue: exactly 500, each receipt once).

The sender's side is OpenSSH's own client, customs' side its folders as the server holds them; the counting
reads the boxes and both databases by itself.
"""

import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter

import pytest

from tests.crash.kill import RECEIPTS, customs_faults, ledger_faults
from tests.sftp.rig import Proxy, by_openssh
from tests.system.test_watch import running, stop
from tools.filings import filings

COUNT = 500
BOXES = ("OutBox", "InBox", "SentBox", "FailBox")
PATIENCE = 240.0


def section(name, sshd, partner, port, **folders):
    """A section of config.toml."""
    lines = {
        "host": '"127.0.0.1"', "port": port, "user": f'"{partner.user}"', "key": f'"{partner.key}"',
        "host_key": f'["{sshd.host_key}"]', "poll_seconds": 0.3, "timeout_seconds": 5.0, "renames_into_place": "true",
    } | {key: f'"{partner.remote}/{box}"' for key, box in folders.items()}  # fmt: skip
    return f"\n[{name}.sftp]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())


class Exchange:
    """A workspace whose sender and whose customs are at the end of a line."""

    def __init__(self, workspace, sshd, ports):
        self.workspace, self.sshd = workspace, sshd
        self.erp, self.customs = sshd.partners
        for box in BOXES:  # the simulator is local to customs' side of the line
            for partner in sshd.partners:
                for left in (partner.boxes / box).iterdir():
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
        config = workspace.home / "config.toml"
        text = config.read_text("utf-8")
        for old, new in (
            ("enabled = true ", "enabled = false "),
            ('collect = "customs/in" ', f'collect = "{self.customs.boxes / "InBox"}" '),
            ('deliver = "customs/out" ', f'deliver = "{self.customs.boxes / "OutBox"}" '),
            ("first_seconds = 5.0", "first_seconds = 0.2"),
            ("longest_seconds = 3600.0", "longest_seconds = 1.0"),
        ):
            assert old in text, old
            text = text.replace(old, new)
        text += section(
            "channels.demo",
            sshd,
            self.erp,
            ports[0],
            outbox="OutBox",
            inbox="InBox",
            sentbox="SentBox",
            failbox="FailBox",
        )
        text += section("receivers.customs", sshd, self.customs, ports[1], send="InBox", collect="OutBox")
        config.write_text(text, "utf-8")

    def upload(self, folder, batch):
        """As an ERP does with OpenSSH's client: under another name, then renamed."""
        lines = []
        for filing in batch:
            (folder / filing.name).write_bytes(filing.data)
            at = f"{self.erp.remote}/OutBox"
            lines += [
                f"put {folder / filing.name} {at}/{filing.name}.part",
                f"rename {at}/{filing.name}.part {at}/{filing.name}",
            ]
        by_openssh(self.sshd, self.erp, lines)

    def names(self, box, partner=None):
        return [path.name for path in ((partner or self.erp).boxes / box).iterdir()]

    def received(self):
        return sum(1 for name in self.names("InBox") if name.startswith("Receipt_"))


@pytest.fixture
def proxies(sshd):
    made = [Proxy(sshd.port), Proxy(sshd.port)]
    yield made
    for proxy in made:
        proxy.close()


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def test_500_filings_both_ways_through_cuts_and_three_dead_servers(workspace, sshd, proxies, tmp_path):
    rng = random.Random(20261122)
    exchange = Exchange(workspace, sshd, [proxy.port for proxy in proxies])
    sent = list(filings(workspace.home, COUNT, "SFTP"))
    for proxy in proxies:
        proxy.cuts = [rng.randrange(5_000, 600_000) for _ in range(6)]
    with running(workspace) as gateway, running(workspace, "customs", "run") as customs:
        for number in range(4):
            quarter = sent[number::4]
            exchange.upload(tmp_path, quarter)
            if number < 3:
                goal = exchange.received() + 100
                wait_until(lambda goal=goal: exchange.received() >= goal, "receipts arrive")
                sshd.kill()
                time.sleep(rng.uniform(0.2, 1.0))
                sshd.start()
        finish(exchange, sent)
        assert stop(gateway) == 0
        assert stop(customs) == 0
    assert sum(proxy.cut for proxy in proxies) >= 6
    assert faults(exchange, sent) == []


def finish(exchange, sent):
    """Wait until everything has come home, and a little longer for what should not come."""
    wait_until(lambda: exchange.received() >= len(sent) * len(RECEIPTS), "every receipt arrives")
    wait_until(lambda: len(exchange.names("SentBox")) >= len(sent), "every original moves")
    ending = ".status.json"
    wait_until(
        lambda: sum(one.endswith(ending) for one in exchange.names("InBox")) >= len(sent), "every status is told"
    )
    wait_until(lambda: not exchange.names("OutBox", exchange.customs), "every receipt is taken")
    time.sleep(1.0)


def faults(exchange, sent):
    """Exactly these filings, each once, in the ledger, at customs and in the boxes."""
    home = exchange.workspace.home
    return [*ledger_faults(home, sent), *customs_faults(home, sent), *faults_of_boxes(exchange, sent)]


def faults_of_boxes(exchange, sent):
    """Every filing answered once, with every receipt once, its original back byte for byte; nothing else anywhere."""
    kinds = Counter(re.sub(r"_\d{21}\.xml$", "", name) for name in exchange.names("InBox"))
    faults = []
    for filing in sent:
        stem = filing.name.removesuffix(".xml")
        wanted = {f"Successed_{stem}": 1, f"Receipt_{stem}": len(RECEIPTS), f"{filing.name}.status.json": 1}
        faults += [f"{name} {kinds[name]} times" for name, times in wanted.items() if kinds.pop(name, 0) != times]
        if (exchange.erp.boxes / "SentBox" / filing.name).read_bytes() != filing.data:
            faults.append(f"{filing.name} was altered")
    faults += [f"{name} in InBox" for name in kinds]
    for partner, boxes in ((exchange.erp, ("OutBox", "FailBox")), (exchange.customs, ("InBox", "OutBox"))):
        faults += [f"left: {path}" for box in boxes for path in (partner.boxes / box).rglob("*") if path.is_file()]
    home = exchange.workspace.home
    for folder in (home / "inbox/demo", home / "outbox/demo", home / "customs/in", home / "customs/out"):
        faults += [f"left: {path}" for path in folder.rglob("*") if path.is_file()]
    return faults


def test_once_works_until_quiet_and_says_what_it_could_not(workspace, sshd, proxies, tmp_path):
    """`edi run --once` and the job carry too; a server that is away is told with exit code 75."""
    exchange = Exchange(workspace, sshd, [sshd.port, sshd.port])
    (filing,) = filings(workspace.home, 1, "ONCE")
    exchange.upload(tmp_path, [filing])
    command = [sys.executable, "-m", "edi"]
    once = [*command, "run", "--once", "--home", str(workspace.home)]
    assert subprocess.run(once, check=False).returncode == 0
    assert [name.partition("_")[0] for name in exchange.names("InBox")].count("Successed") == 1
    assert len(exchange.names("InBox", exchange.customs)) == 1
    workspace.edi("customs", "run", "--once")
    assert "done 1（" in workspace.edi("jobs", "run", "sftp_poll"), "the three receipts are one bundle"
    workspace.run()
    assert exchange.received() == 3
    sshd.kill()
    try:
        said = subprocess.run(once, check=False, capture_output=True, text=True)
        assert said.returncode == 75
        assert f"sftp://{exchange.erp.user}@127.0.0.1" in said.stderr
        assert "Traceback" not in said.stderr
        assert subprocess.run(once, check=False, capture_output=True).returncode == 75
    finally:
        sshd.start()
    assert subprocess.run(once, check=False).returncode == 0
    with sqlite3.connect(workspace.home / "var" / "ledger.sqlite") as ledger:
        rows = ledger.execute("select kind, subject from events where kind in ('alarm_sftp', 'healed')").fetchall()
    assert Counter(rows) == Counter(
        (kind, line) for kind in ("alarm_sftp", "healed") for line in ("channels.demo", "receivers.customs")
    )


def test_the_gateway_killed_in_the_middle_loses_and_doubles_nothing(workspace, sshd, proxies, tmp_path):
    """SIGKILL at random moments while files are on their way in both directions."""
    rng = random.Random(7)
    exchange = Exchange(workspace, sshd, [proxy.port for proxy in proxies])
    sent = list(filings(workspace.home, 60, "KILLED"))
    with running(workspace, "customs", "run") as customs:
        for start in range(0, 60, 12):
            exchange.upload(tmp_path, sent[start : start + 12])
            with running(workspace):
                time.sleep(rng.uniform(1.5, 3.0))
        with running(workspace) as gateway:
            finish(exchange, sent)
            assert stop(gateway) == 0
        assert stop(customs) == 0
    assert faults(exchange, sent) == []
