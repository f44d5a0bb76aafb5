"""The program opens no network connection, and neither do its tests."""

import socket
import urllib.request

import pytest


def test_a_test_that_opens_a_socket_fails():
    with pytest.raises(AssertionError, match="no network connection"):
        socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with pytest.raises(AssertionError, match="no network connection"):
        urllib.request.urlopen("http://192.0.2.1/", timeout=1)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="sockets within a computer")
def test_sockets_within_this_computer_are_allowed():
    for one in socket.socketpair():
        one.close()
