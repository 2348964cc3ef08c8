"""One Kafka broker on this machine, from the jars of `jars.py`: KRaft, replication 1.

It keeps records whatever their timestamp and for ever, creates no topic by itself, and
listens on 127.0.0.1 only. `stop` flushes what it holds; a start after a kill recovers.
"""

import base64
import os
import re
import signal
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from patron.errors import Transient
from patron.local import jars, servers
from patron.local.servers import Running

FOR_EVER_MS = 2**63 - 1
READY = re.compile(rb"Kafka Server started")

LOG4J = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %m (%c{1})%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalKafka:
    """What a broker is started with. `settings` go over ours, word for word."""

    folder: Path
    port: int
    controller_port: int
    jar_cache: Path = field(default_factory=jars.default_cache)
    heap_mb: int = 512
    # Another port to tell clients: a proxy between them and us sees all of their traffic.
    advertised_port: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.advertised_port or self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "kafka.log"

    def start(self, *, say: jars.Say) -> Running:
        """Start the broker's process; `wait_ready` says when it can be used."""
        servers.require_free(self.port)
        servers.require_free(self.controller_port)
        class_path = os.pathsep.join(str(jar) for jar in jars.ensure(self.jar_cache, say=say))
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "log4j2.properties").write_text(LOG4J, encoding="ascii")
        properties = self.folder / "server.properties"
        properties.write_text(self._properties(), encoding="utf-8")
        java = [str(jars.java()), *self._java_options(), "-cp", class_path]
        if not (self.folder / "data" / "meta.properties").exists():
            self._format(java, properties)
        return servers.start(
            [*java, "kafka.Kafka", str(properties)], log=self.log, folder=self.folder
        )

    def wait_ready(self, server: Running, *, wait_s: float = 60) -> None:
        """Return when the broker takes part in its cluster; raise Transient with its log."""

        def ready() -> bool:
            # The port opens a moment before the broker may be used; the log knows both.
            return READY.search(self.log.read_bytes()) is not None and servers.listens(self.port)

        servers.wait_until(ready, server=server, log=self.log, name="Kafka", wait_s=wait_s)

    def stop(self, server: Running, *, wait_s: float = 20) -> None:
        servers.stop(server, gently=signal.SIGTERM, hard=signal.SIGKILL, wait_s=wait_s)

    def _java_options(self) -> list[str]:
        return [
            f"-Xmx{self.heap_mb}m",
            "-XX:+UseSerialGC",  # The heap is small, and the cores belong to the others.
            # Classes are kept parsed between starts: a third of a broker's start is theirs.
            # A Java before 19 does not know how, and starts without.
            "-XX:+IgnoreUnrecognizedVMOptions",
            "-XX:+AutoCreateSharedArchive",
            f"-XX:SharedArchiveFile={self.folder / 'classes.jsa'}",
            "-Xshare:auto",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
        ]

    def _format(self, java: list[str], properties: Path) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # A name that starts with a dash would be read as an option.
        command = ["kafka.tools.StorageTool", "format", "-t", f"P{cluster[1:]}"]
        done = subprocess.run(
            [*java, *command, "-c", str(properties)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            start_new_session=True,
        )
        if done.returncode != 0:
            raise Transient(f"Kafka could not prepare {self.folder}: {done.stdout}{done.stderr}")

    def _properties(self) -> str:
        inside = f"127.0.0.1:{self.controller_port}"
        rows = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{inside}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://{inside}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "log.dirs": str(self.folder / "data"),
            "auto.create.topics.enable": "false",
            # History and tests bring records of any age; none is refused or cleaned away.
            "log.message.timestamp.before.max.ms": str(FOR_EVER_MS),
            "log.message.timestamp.after.max.ms": str(FOR_EVER_MS),
            "log.retention.ms": "-1",
            # One broker holds every copy, and few inner partitions start faster.
            "default.replication.factor": "1",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "share.coordinator.state.topic.num.partitions": "1",
            # Tests join and leave all the time; a lone worker should start at once.
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            "num.network.threads": "2",
            "num.io.threads": "4",
            # Its default would be a quarter of our heap.
            "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
            **self.settings,
        }
        return "".join(f"{name}={value}\n" for name, value in rows.items())
