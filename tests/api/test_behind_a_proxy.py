"""The API under a path of somebody else's host, and asked by pages of other sites."""

import re

import pytest

from tests.factories import OneModel
from tests.served import served


@pytest.mark.parametrize("prefix", ["", "/digits"], ids=["taken off", "left on"])
def test_all_is_there_below_a_path_whether_or_not_the_proxy_takes_it_off(tmp_path, prefix):
    with served(OneModel(tmp_path), api_root_path="/digits") as client:
        page = client.get(f"{prefix}/docs").text
        addresses = re.findall(r'(?:href|src|url:)[= ]*["\']([^"\']+)', page)
        assert addresses
        for address in addresses:
            assert address.startswith("/digits/")
            assert client.get(prefix + address.removeprefix("/digits")).is_success
        assert client.get(f"{prefix}/openapi.json").json()["servers"] == [{"url": "/digits"}]
        assert client.get(f"{prefix}/health").json()["status"] == "ok"
        assert 'fetch("/' not in client.get(f"{prefix}/").text


def test_only_named_sites_may_ask(tmp_path):
    sites = "https://scans.example.com, https://forms.example.com"
    with served(OneModel(tmp_path), api_cors_origins=sites) as client:
        for origin, is_named in {
            "https://forms.example.com": True,
            "https://other.example.com": False,
        }.items():
            asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            answer = client.options("/predict", headers=asked)
            assert (answer.headers.get("access-control-allow-origin") == origin) is is_named


def test_without_the_setting_no_site_may_ask(tmp_path):
    with served(OneModel(tmp_path)) as client:
        answer = client.get("/health", headers={"Origin": "https://scans.example.com"})
        assert "access-control-allow-origin" not in answer.headers
