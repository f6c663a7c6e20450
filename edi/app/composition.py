"""From a configuration to a working program: every part is built here and handed its parts."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from edi.adapters.clock import Clock, system_clock
from edi.adapters.config import Config, ReceiverConfig, load_config
from edi.adapters.crls import COPIES
from edi.adapters.files import sweep_temporaries
from edi.adapters.keys import load_certificates, load_signing_key
from edi.adapters.ledger import Ledger
from edi.adapters.ledger_reader import LedgerReader
from edi.adapters.lock import only_one
from edi.adapters.pki import Authority, Issued
from edi.app.channels import build_channel
from edi.app.checking import build_examiner, build_shelf
from edi.app.ferrying import build_ferry
from edi.app.home import CONFIG_FILE, PKI
from edi.app.outages import Outages
from edi.app.press import build_press
from edi.app.printing import build_printer
from edi.app.workers import Workers
from edi.customs.authority import CARDS, CardAuthority
from edi.customs.faults import Faults
from edi.customs.receiver import Receiver as Customs
from edi.customs.settings import Settings as CustomsSettings
from edi.gateway.examine import Examiner
from edi.gateway.lines import Ferry
from edi.gateway.parts import Parts, Receiver
from edi.gateway.pipeline import Pipeline, Work

PASSPHRASE = "EDI_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable


@dataclass(frozen=True)
class App:
    """The program at work on one workspace."""

    config: Config
    pipeline: Pipeline
    customs: Customs | None
    """The simulated customs, None if it is switched off."""
    reader: LedgerReader
    ferry: Ferry
    """Carries files to and from SFTP partners."""
    outages: Outages = field(default_factory=Outages)

    def work(self) -> Work:
        """One round of gateway and simulator; the outage of one does not hold the other."""
        return Work(tasks=self.ferry.step()) + self.exchange() + Work(tasks=self.review())

    def poll(self) -> int:
        """Carry files to and from SFTP partners until none is ready; how many. Raises TryLater and UserError."""
        try:
            return self.ferry.poll()
        finally:
            self._enter_news()

    def _enter_news(self) -> None:
        news = self.ferry.news()
        self.pipeline.enter_news(news)
        self.ferry.entered(news)

    def waiting(self) -> bool:
        """True if files were seen that are to be taken, or carried, in a moment."""
        return self.pipeline.waiting() or self.ferry.waiting()

    def exchange(self) -> Work:
        """One round of the gateway."""
        with self.outages.holding("网关 gateway"):
            self._enter_news()
            return self.pipeline.round()
        return Work()

    def review(self) -> int:
        """One step of the simulated customs; how much it did, 0 where it is switched off."""
        with self.outages.holding("模拟海关 simulator"):
            return self.customs.step() if self.customs else 0
        return 0

    def work_until_quiet(self, stop: Callable[[], bool] = lambda: False) -> Work:
        """Rounds until one finds nothing to do, or until `stop` says so between two rounds."""
        total = Work()
        while not stop() and (done := self.work()):
            total += done
        return total


@contextlib.contextmanager
def open_app(home: Path, clock: Clock = system_clock) -> Iterator[App]:
    """The program on the workspace `home`, which is locked meanwhile.

    Raises UserError for a faulty configuration, TryLater if the workspace is in use.
    """
    path = home / CONFIG_FILE
    config = load_config(path)
    with only_one(config.gateway.ledger.parent / "run.lock", "本工作目录的 edi run", "`edi run` on this workspace"):
        _sweep(config.gateway.ledger.parent)
        examiner = build_examiner(config)
        workers = Workers(path, examiner, config.gateway.workers)
        ledger = Ledger(config.gateway.ledger)
        with contextlib.ExitStack() as stack:
            stack.callback(ledger.close)
            stack.callback(workers.close)
            pipeline = Pipeline(build_parts(config, examiner, workers, ledger, clock))
            customs = build_customs(config, examiner, clock) if config.simulator.enabled else None
            if customs:
                stack.callback(customs.close)
            ferry = build_ferry(config, pipeline.parts, pipeline.announce)
            stack.callback(ferry.close)
            pipeline.prepare()
            yield App(config, pipeline, customs, LedgerReader(config.gateway.ledger), ferry)


def _sweep(var: Path) -> None:
    """Remove what a crash left half written."""
    for folder in (var, var / COPIES):
        if folder.is_dir():
            sweep_temporaries(folder)


def build_parts(config: Config, examiner: Examiner, workers: Workers, ledger: Ledger, clock: Clock) -> Parts:
    """The gateway's parts as configured."""
    gateway = config.gateway
    return Parts(
        node=gateway.node,
        channels={name: build_channel(name, one, config) for name, one in config.channels.items()},
        receivers={name: _receiver(name, one) for name, one in config.receivers.items()},
        routes=config.routes,
        forms=examiner.forms,
        ledger=ledger,
        key=load_signing_key(gateway.key, gateway.certificate, passphrase()),
        quarantine=gateway.quarantine,
        retry=config.retry,
        clock=clock,
        examine=workers.examine,
        open=workers.open,
        print_form=build_printer(build_shelf(config)),
        settle_seconds=gateway.settle_seconds,
        batch=gateway.batch,
    )


def build_customs(config: Config, examiner: Examiner, clock: Clock = system_clock) -> Customs:
    """The simulated customs as configured; it shares the message definitions and nothing else."""
    simulator = config.simulator
    settings = CustomsSettings(
        node_id=simulator.node,
        collect_from=simulator.collect,
        deliver_to=simulator.deliver,
        register=simulator.register,
        review=simulator.review,
        lodge_delay=timedelta(seconds=simulator.lodge_delay_seconds),
        accept_delay=timedelta(seconds=simulator.accept_delay_seconds),
        decision_delay=timedelta(seconds=simulator.decision_delay_seconds),
        seed=simulator.seed,
        batch=simulator.batch,
        sends_bundles=simulator.sends_bundles,
        faults=Faults(simulator.faults),
    )
    key = load_signing_key(simulator.key, simulator.certificate, passphrase())
    # Whether a card was on hold is judged once, for the moment of receipt; later news does not undo a filing.
    trust = replace(examiner.trust, crls=None)
    press = build_press(build_shelf(config), key)
    return Customs(settings, examiner.forms, examiner.contract, trust, key, clock, press)


def open_customs(home: Path) -> Customs:
    """The simulated customs of a workspace, for its own program and its staff."""
    config = load_config(home / CONFIG_FILE)
    return build_customs(config, build_examiner(config))


def open_card_authority(home: Path, config: Config, clock: Clock = system_clock) -> CardAuthority:
    """The card authority of a workspace; it publishes its lists where the gateway looks for them."""
    key = load_signing_key(home / PKI / "ca.key", home / PKI / "ca.pem", passphrase())
    authority = Authority(Issued(key.key, key.certificate))
    return CardAuthority(authority, home / PKI / CARDS, config.trust.crls, clock)


def passphrase() -> bytes | None:
    """The passphrase of our keys, from the environment only."""
    value = os.environ.get(PASSPHRASE)
    return value.encode("utf-8") if value else None


def _receiver(name: str, receiver: ReceiverConfig) -> Receiver:
    return Receiver(
        name=name,
        node=receiver.node,
        send=receiver.send,
        collect=receiver.collect,
        certificates=tuple(one for path in receiver.certificates for one in load_certificates(path)),
        renames_into_place=receiver.renames_into_place or receiver.sftp is not None,
        takes_bundles=receiver.takes_bundles,
    )
