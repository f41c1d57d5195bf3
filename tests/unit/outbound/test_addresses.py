"""Where a node may call."""

from __future__ import annotations

import pytest

from common.outbound.addresses import AddressRules, AddressUnfit, is_public, read_address

STRICT, LOOSE = AddressRules(), AddressRules(private_addresses=True, plain_http=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_addresses_of_the_open_network_may_be_called(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - that is what is refused.
        "255.255.255.255",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2001:0:7f00:1::",
        "2001:db8::1",
    ],
)
def test_addresses_of_anything_else_may_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "x",
        "//hooks.example/a",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "http://hooks.example/",
        "https://",
        "https:///a",
        "https://user:word@hooks.example/",
        "https://hooks.example/?a=b",
        "https://hooks.example/#a",
        "https://hooks.example:0/",
        "https://hooks.example:99999/",
        "https://hooks.example:x/",
        "https://[::1/",
        "https://hooks example/",
        "https://hooks.example/\r\nX-Injected: 1",
        "https://hööks.example/",
        "https://" + "a" * 600,
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://10.0.0.1:8443/hooks",
    ],
)
def test_an_address_that_could_lead_astray_is_refused(address: str) -> None:
    with pytest.raises(AddressUnfit):
        read_address(address, STRICT)


def test_what_a_parameter_allows_is_allowed() -> None:
    assert read_address("http://127.0.0.1:8080/hooks", LOOSE).port == 8080
    assert read_address("https://hooks.example/a", STRICT).hostname == "hooks.example"
    with pytest.raises(AddressUnfit):
        read_address("ftp://127.0.0.1/", LOOSE)
