"""deploy/compose.yaml: what it starts listens on this machine alone, in versions that are named."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
import yaml

COMPOSE = yaml.safe_load(files("deploy").joinpath("compose.yaml").read_text("utf-8"))


@pytest.mark.parametrize("service", COMPOSE["services"].values(), ids=list(COMPOSE["services"]))
def test_a_container_is_pinned_bound_to_loopback_and_gains_no_privileges(
    service: dict[str, Any],
) -> None:
    _, _, version = service["image"].rpartition(":")
    assert any(map(str.isdigit, version))
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged")


def test_no_secret_stands_in_it() -> None:
    assert "PASSWORD:" not in str(COMPOSE)
    assert COMPOSE["services"]["database"]["environment"]["POSTGRES_PASSWORD_FILE"]
    assert COMPOSE["services"]["model"]["env_file"] == ["secrets/vllm.env"]
