"""The list of Kafka's jars: nothing that differs from it is ever run or kept."""

import hashlib
from pathlib import Path

import pytest

from patron.errors import Misconfigured, Transient
from patron.local import jars

SMALL = "org/slf4j/slf4j-api/1.7.36/slf4j-api-1.7.36.jar"


def silent(_: str) -> None:
    """Nobody to tell."""


def put(cache: Path, path: str, content: bytes) -> str:
    """Lay a jar into the cache; return its checksum."""
    (cache / path).parent.mkdir(parents=True, exist_ok=True)
    (cache / path).write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def files_in(cache: Path) -> list[Path]:
    return [each for each in cache.rglob("*") if each.is_file()]


def test_the_list_names_each_jar_once_and_only_the_tested_kafka() -> None:
    names = [Path(path).name for path in jars.listed()]
    assert len(names) == len(set(names)) == 46
    assert {name for name in names if name.startswith("kafka-clients")} == {
        "kafka-clients-4.3.1.jar"
    }
    assert all(len(checksum) == 64 for checksum in jars.listed().values())


def test_what_is_present_and_good_is_not_fetched_again(tmp_path: Path) -> None:
    told: list[str] = []
    checksums = {"g/a/1/a-1.jar": put(tmp_path, "g/a/1/a-1.jar", b"jar")}
    assert jars.ensure(tmp_path, say=told.append, checksums=checksums) == [
        tmp_path / "g/a/1/a-1.jar"
    ]
    assert told == []


def test_a_jar_that_was_changed_in_the_cache_is_refused_and_named(tmp_path: Path) -> None:
    checksums = {"g/a/1/a-1.jar": put(tmp_path, "g/a/1/a-1.jar", b"jar")}
    put(tmp_path, "g/a/1/a-1.jar", b"another")
    with pytest.raises(Misconfigured, match=r"g/a/1/a-1\.jar is not the file.*Delete it"):
        jars.ensure(tmp_path, say=silent, checksums=checksums)


def test_a_fetched_jar_that_differs_from_the_list_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"slf4j.*is not the file"):
        jars.ensure(tmp_path, say=silent, checksums={SMALL: "0" * 64})
    assert files_in(tmp_path) == []


def test_a_missing_jar_is_fetched_and_checked(tmp_path: Path) -> None:
    told: list[str] = []
    checksums = {SMALL: jars.listed()[SMALL]}
    jars.ensure(tmp_path, say=told.append, checksums=checksums)
    assert files_in(tmp_path) == [tmp_path / SMALL]
    assert told == [f"Fetching 1 jars of Kafka into {tmp_path}, once.", "Fetched 1 of 1 jars."]


def test_a_repository_that_does_not_answer_is_a_passing_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    with pytest.raises(Transient, match=r"Could not fetch.*Check the network"):
        jars.ensure(tmp_path, say=silent, checksums={SMALL: jars.listed()[SMALL]})
    assert files_in(tmp_path) == []


def test_jars_are_cached_where_the_system_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert jars.default_cache() == tmp_path / "patron" / "jars"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert jars.default_cache() == Path.home() / ".cache" / "patron" / "jars"
