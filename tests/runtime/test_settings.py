"""Settings: what stops a start, and what it says; secrets are never shown."""

import base64
from pathlib import Path

import pytest

from patron.errors import Misconfigured
from patron.runtime.settings import load

KEY = base64.b64encode(b"k" * 32).decode()
LEAST = {
    "PATRON_KAFKA__BOOTSTRAP_SERVERS": "kafka:9092",
    "PATRON_DATABASE__DSN": "postgresql://patron:hunter2@db/patron",
    "PATRON_SECRETS__MASTER_KEY": KEY,
}


def test_three_variables_are_enough() -> None:
    settings = load(LEAST | {"HOME": "/root", "PATH": "/bin"})

    assert settings.kafka.bootstrap_servers == "kafka:9092"
    assert settings.kafka.group_id == "patron"
    assert settings.master_key == b"k" * 32
    assert settings.relay.shards == 1


def test_a_variable_reaches_its_setting() -> None:
    settings = load(LEAST | {"PATRON_INTAKE__BATCH_RECORDS_MAX": "7", "PATRON_LOG__LEVEL": "debug"})

    assert settings.intake.batch_records_max == 7
    assert settings.log.level == "debug"


@pytest.mark.parametrize("missing", sorted(LEAST))
def test_a_missing_variable_is_named_alone(missing: str) -> None:
    with pytest.raises(Misconfigured) as stopped:
        load({name: text for name, text in LEAST.items() if name != missing})

    assert str(stopped.value).startswith(f"{missing} is not set: ")
    assert str(stopped.value).count("PATRON_") == 1


def test_a_missing_variable_is_named_where_others_of_its_part_are_set() -> None:
    environ = {name: text for name, text in LEAST.items() if "KAFKA" not in name}

    with pytest.raises(Misconfigured, match=r"^PATRON_KAFKA__BOOTSTRAP_SERVERS is not set"):
        load(environ | {"PATRON_KAFKA__GROUP_ID": "shop"})


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("PATRON_KAFKA__BOOTSTRAP_SERVER", "PATRON_KAFKA__BOOTSTRAP_SERVERS"),
        ("PATRON_DATABASE_DSN", "PATRON_DATABASE__DSN"),
        ("PATRON_RELAY__SHARD", "PATRON_RELAY__SHARDS"),
        ("PATRON_DATABASE__DSM_FILE", "PATRON_DATABASE__DSN"),
    ],
)
def test_an_unknown_variable_stops_the_start_with_the_nearest_name(name: str, nearest: str) -> None:
    with pytest.raises(Misconfigured, match=f"unknown setting {name}; did you mean {nearest}"):
        load(LEAST | {name: "x"})


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        pytest.param("PATRON_LOG__LEVEL", "loud", "'debug', 'info'", id="one-of"),
        pytest.param("PATRON_TELEMETRY__PORT", "many", "valid integer", id="not-a-number"),
        pytest.param("PATRON_TELEMETRY__PORT", "70000", "65535", id="no-such-port"),
        pytest.param("PATRON_RELAY__SHARDS", "0", "greater than 0", id="none"),
        pytest.param("PATRON_JOBS__IDLE_WAIT_S", "inf", "finite", id="for-ever"),
        pytest.param("PATRON_KAFKA__BOOTSTRAP_SERVERS", "", "at least 1", id="empty"),
        pytest.param("PATRON_SECRETS__MASTER_KEY", "s3cr3t!", "should be base64", id="no-base64"),
        pytest.param("PATRON_SECRETS__MASTER_KEY", "czNjcjN0", "32 bytes", id="short-key"),
        pytest.param("PATRON_DATABASE__DSN", "s3cr3t@db", "postgresql://", id="no-dsn"),
    ],
)
def test_a_wrong_value_is_named_and_never_shown(name: str, text: str, said: str) -> None:
    with pytest.raises(Misconfigured) as stopped:
        load(LEAST | {name: text})

    assert str(stopped.value).startswith(f"{name}: ")
    assert said in str(stopped.value)
    assert text not in str(stopped.value) or len(text) < 2


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Misconfigured) as stopped:
        load({"PATRON_LOG__LEVEL": "loud"})

    for name in (*LEAST, "PATRON_LOG__LEVEL"):
        assert name in str(stopped.value)


@pytest.mark.parametrize("lacking", ["SASL_USERNAME", "SASL_PASSWORD"])
def test_sasl_needs_a_user_and_a_password(lacking: str) -> None:
    sasl = {
        "PATRON_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
        "PATRON_KAFKA__SASL_USERNAME": "patron",
        "PATRON_KAFKA__SASL_PASSWORD": "hunter2",
    }
    del sasl[f"PATRON_KAFKA__{lacking}"]

    with pytest.raises(Misconfigured, match=f"SASL_SSL needs PATRON_KAFKA__{lacking} too"):
        load(LEAST | sasl)


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "dsn"
    path.write_text("postgresql://db/other\n", "utf-8")
    environ = {name: text for name, text in LEAST.items() if "DSN" not in name}

    settings = load(environ | {"PATRON_DATABASE__DSN_FILE": str(path)})

    assert settings.database.dsn.get_secret_value() == "postgresql://db/other"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"PATRON_DATABASE__DSN_FILE: .*No such file"):
        load({"PATRON_DATABASE__DSN_FILE": str(tmp_path / "none")})


def test_a_secret_in_the_environment_and_in_a_file_is_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="both PATRON_DATABASE__DSN and"):
        load(LEAST | {"PATRON_DATABASE__DSN_FILE": str(tmp_path)})


def test_a_topic_is_bound_by_itself_or_with_all() -> None:
    names = load(
        LEAST
        | {
            "PATRON_KAFKA__TOPICS__TENANT": "grocer",
            "PATRON_KAFKA__TOPICS__ENGAGEMENT_KEY": "any",
            "PATRON_KAFKA__TOPICS__MEMBERS": "crm.people.v2",
            "PATRON_KAFKA__TOPICS__MEMBERS_TENANT": "bakery",
        }
    ).kafka.topics

    assert names.bound == {
        "shop.orders.v1": ("grocer", "member"),
        "shop.engagement.v1": ("grocer", "any"),
        "crm.people.v2": ("bakery", "member"),
    }


def test_what_is_shown_masks_every_secret() -> None:
    settings = load(LEAST | {"PATRON_KAFKA__SASL_PASSWORD": "hunter3"})
    shown = str(settings.shown())

    assert "kafka:9092" in shown
    for secret in ("hunter2", "hunter3", KEY):
        assert secret not in shown
        assert secret not in repr(settings)


def test_copies_of_dead_letters_are_off_and_go_to_no_topic_of_events_or_notices() -> None:
    assert load(LEAST).kafka.topics.dead_letters is None
    for name in ("shop.orders.v1", "patron.member-events.v1"):
        with pytest.raises(Misconfigured, match="PATRON_KAFKA__TOPICS__DEAD_LETTERS names a topic"):
            load(LEAST | {"PATRON_KAFKA__TOPICS__DEAD_LETTERS": name})
