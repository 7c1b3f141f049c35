"""Tests talk to this machine only."""

import socket

import pytest
import pytest_socket


def test_an_address_outside_this_machine_is_refused():
    with (
        pytest.raises(pytest_socket.SocketConnectBlockedError),
        pytest.warns(UserWarning, match="test tried to use socket.socket.connect"),
    ):
        # A documentation address (RFC 5737): nobody answers there, were the guard missing.
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)


def test_loopback_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()
