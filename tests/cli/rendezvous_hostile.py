#!/usr/bin/env python3
"""rendezvous_hostile.py -- clients of a rendezvous over TLS that mean harm, and one that does not.

    rendezvous_hostile.py PORT PUBLIC_KEY PID

It listens at 127.0.0.1:PORT; its process is PID. Each claim is a function; the first that does
not hold ends this with what was expected. From one address no more than eight may be strangers at
a time, so all come from addresses of their own: 127.0.0.0/8 is all ours.
"""
import os
import socket
import ssl
import struct
import sys
import time

PORT = int(sys.argv[1])
PID = sys.argv[3]
PATIENCE = 10.0     # s, with who has not proved anything
STRANGERS = 8       # of one address

context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.set_alpn_protocols(["http/1.1"])

addresses = iter(range(2, 250 * 250))


def new_address():
    n = next(addresses)
    return f"127.1.{n // 250}.{n % 250 + 1}"


def tcp(address=None):
    s = socket.create_connection(("127.0.0.1", PORT), timeout=20,
                                 source_address=(address or new_address(), 0))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def tls(address=None):
    return context.wrap_socket(tcp(address))


def read_all(s):
    """Until the other end closes it, however it does that."""
    data = b""
    try:
        while True:
            more = s.recv(65536)
            if not more:
                break
            data += more
    except (ConnectionError, ssl.SSLError):
        pass
    s.close()
    return data


def send_all(s, data):
    """True: it was taken; false: the other end has closed before."""
    try:
        s.sendall(data)
        return True
    except (ConnectionError, ssl.SSLError):
        return False


def frame(data):
    return struct.pack("!H", len(data)) + data


def memory():
    """KB of the rendezvous."""
    for line in open(f"/proc/{PID}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1])


def expect(ok, what):
    if not ok:
        sys.exit(f"not so: {what}")


def close_to(seconds, wanted, what):
    expect(wanted - 0.5 <= seconds <= wanted + 3, f"{what} after {wanted} s, but {seconds:.1f}")


def expect_small(kilobytes, limit, what):
    """What AddressSanitizer holds back is not ours."""
    if "asan" not in os.readlink(f"/proc/{PID}/exe"):
        expect(kilobytes < limit, f"memory {what} is below {limit} KB, but {kilobytes}")


# -- claims --------------------------------------------------------------------------------


def http_is_answered_by_404():
    for request in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HEAD / HTTP/1.0\r\n\r\n",
                    b"POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", b"PROPFIND / HTTP/1.1\r\n\r\n",
                    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        s = tls()
        expect(s.selected_alpn_protocol() == "http/1.1", "it speaks http/1.1")
        s.sendall(request)
        expect(read_all(s).startswith(b"HTTP/1.1 404 Not Found\r\n"), f"404 for {request}")


def a_method_may_come_letter_by_letter():
    s = tls()
    s.sendall(b"G")
    s.sendall(b"ET / HTTP/1.1\r\n\r\n")
    expect(read_all(s).startswith(b"HTTP/1.1 404"), "404")


def a_frame_that_is_too_long_ends_it_at_once():
    for length in (2049, 4096, 0x4060, 0xffff):
        s = tls()
        begun = time.monotonic()
        s.sendall(struct.pack("!H", length) + b"x" * 100)
        expect(read_all(s) == b"", "nothing is answered")
        expect(time.monotonic() - begun < 2, "at once")


def garbage_is_not_answered():
    s = tls()
    for n in range(100):
        if not send_all(s, frame(os.urandom(1 + n * 20))):
            break
    begun = time.monotonic()
    expect(read_all(s) == b"", "nothing is answered")
    close_to(time.monotonic() - begun, PATIENCE, "closed")


def a_hundred_thousand_bad_frames_cost_nothing():
    """Well-formed frames in which there is nothing that makes sense, some like WireGuard's."""
    before = memory()
    sent = 0
    while sent < 100000:
        s = tls()
        for _ in range(100):
            batch = b""
            for n in range(100):
                kind = struct.pack("<I", n % 6)
                length = (148, 92, 64, 32, 20, 0)[n % 6]
                batch += frame((kind + os.urandom(148))[:length])
            if not send_all(s, batch):
                break
            sent += 100
        s.close()
    expect_small(memory() - before, 4096, "of bad frames")


def who_says_nothing_is_closed_after_10_s():
    """Before TLS, in the middle of its handshake, after it, and in the middle of a frame."""
    begun = time.monotonic()
    silent, halfway, shaken, slow = tcp(), tcp(), tls(), tls()
    hello = ssl.MemoryBIO()
    half = context.wrap_bio(ssl.MemoryBIO(), hello)
    try:
        half.do_handshake()
    except ssl.SSLWantReadError:
        pass
    halfway.sendall(hello.read()[:50])
    slow.sendall(b"\x00")
    for s in (silent, halfway, shaken, slow):
        expect(read_all(s) == b"", "nothing is answered")
        close_to(time.monotonic() - begun, PATIENCE, "closed")


def a_byte_a_second_does_not_keep_it():
    s = tls()
    begun = time.monotonic()
    s.settimeout(1)
    data = iter(frame(os.urandom(100)))
    closed = False
    while not closed and time.monotonic() - begun < 20:
        if not send_all(s, bytes([next(data)])):
            break
        try:
            closed = s.recv(1) == b""
        except (TimeoutError, socket.timeout):
            pass
        except (ConnectionError, ssl.SSLError):
            closed = True
    close_to(time.monotonic() - begun, PATIENCE, "closed")


def no_tls_at_all_is_no_matter():
    for data in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(1000), b"\x16\x03\x01\xff\xff" + os.urandom(500)):
        s = tcp()
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
        except OSError:
            pass        # it was quicker
        expect(b"HTTP" not in read_all(s), "no word in clear")


def of_one_address_no_more_than_eight_are_taken():
    address = new_address()
    taken = [tls(address) for _ in range(STRANGERS)]
    refused = 0
    for _ in range(4):
        try:
            tls(address).close()
        except (ConnectionError, ssl.SSLError):
            refused += 1
    expect(refused == 4, f"{refused} of 4 more are refused")
    tls().close()       # others are not
    for s in taken:
        s.close()


def a_thousand_that_are_idle_take_little():
    before = memory()
    everybody = [tls(f"127.2.0.{n // STRANGERS + 1}") for n in range(1000)]
    each = (memory() - before) / 1000
    print(f"{each:.1f} KB for each of 1000 connections")
    for s in everybody:
        s.close()
    expect_small(each, 40, "of a connection")


for claim in (http_is_answered_by_404, a_method_may_come_letter_by_letter,
              a_frame_that_is_too_long_ends_it_at_once, a_hundred_thousand_bad_frames_cost_nothing,
              no_tls_at_all_is_no_matter, of_one_address_no_more_than_eight_are_taken,
              a_thousand_that_are_idle_take_little, garbage_is_not_answered,
              who_says_nothing_is_closed_after_10_s, a_byte_a_second_does_not_keep_it):
    begun = time.monotonic()
    claim()
    print(f"ok {claim.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)
