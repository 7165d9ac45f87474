#!/usr/bin/python3
"""interop_libnice.py -- our agent and libnice's find each other, in each combination of roles.

	interop_libnice.py PATH/TO/ice_stdio

    ice_stdio <--- lines: ufrag, pwd, candidate --- this --- NiceAgent (by introspection)
        '-------------------- UDP on this host's own address --------------'

Exit 77 (skipped) without gir1.2-nice-0.1 and python3-gi, or without an address that is not
loopback.
"""
import ctypes
import re
import subprocess
import sys

try:
    import gi
    gi.require_version("Nice", "0.1")
    from gi.repository import GLib, Nice
    library = ctypes.CDLL("libnice.so.10")
except (ImportError, ValueError, OSError):
    print("no libnice here")
    sys.exit(77)

# The one function that introspection leaves out.
RECEIVE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint,
                           ctypes.c_void_p, ctypes.c_void_p)
library.nice_agent_attach_recv.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint,
                                           ctypes.c_void_p, RECEIVE, ctypes.c_void_p]


class Meeting:
    """One ice_stdio and one NiceAgent; over when an echo has come back."""

    def __init__(self, path, address, our_role, their_role, options):
        self.loop = GLib.MainLoop()
        self.heard, self.received = [], None
        self.ours = subprocess.Popen([path, address, our_role], text=True, bufsize=1,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines = list(iter(lambda: self.ours.stdout.readline().strip(), "end"))
        self.agent = Nice.Agent.new_full(self.loop.get_context(), Nice.Compatibility.RFC5245,
                                         options)
        self.agent.props.controlling_mode = their_role == "controlling"
        self.agent.props.upnp = False
        own = Nice.Address.new()
        own.set_from_string(address)
        self.agent.add_local_address(own)
        self.stream = self.agent.add_stream(1)
        self.callback = RECEIVE(self.receive)
        library.nice_agent_attach_recv(hash(self.agent), self.stream, 1, None, self.callback, None)
        self.agent.connect("candidate-gathering-done", self.exchange)
        self.agent.connect("component-state-changed", self.changed)

    def exchange(self, agent, stream):
        _, ufrag, pwd = agent.get_local_credentials(stream)
        lines = ["ufrag " + ufrag, "pwd " + pwd]
        for c in agent.get_local_candidates(stream, 1):
            lines.append(agent.generate_local_candidate_sdp(c).removeprefix("a="))
        self.ours.stdin.write("\n".join(lines + ["end", ""]))
        told = dict(line.split(" ", 1) for line in self.lines if not line.startswith("candidate"))
        agent.set_remote_credentials(stream, told["ufrag"], told["pwd"])
        agent.set_remote_candidates(stream, 1, [
            agent.parse_remote_candidate_sdp(stream, "a=" + line)
            for line in self.lines if line.startswith("candidate:")])

    def changed(self, agent, stream, _component, state):
        if state == Nice.ComponentState.READY:
            agent.send(stream, 1, 5, "hello")

    def receive(self, _agent, _stream, _component, length, data, _user):
        self.received = ctypes.string_at(data, length)
        GLib.timeout_add(1000, self.loop.quit)      # ours may be a round trip behind

    def run(self):
        GLib.timeout_add_seconds(20, self.loop.quit)
        self.agent.gather_candidates(self.stream)
        self.loop.run()
        self.ours.stdin.close()
        self.heard = self.ours.stdout.read().splitlines()
        self.ours.wait()
        assert self.received == b"hello", self.heard
        assert any(line.startswith("nominated") for line in self.heard), self.heard


def own_address():
    for address in Nice.interfaces_get_local_ips(False):
        if re.fullmatch(r"[0-9.]+", address):
            return address
    print("no address but loopback here")
    sys.exit(77)


def main(path):
    roles = ("controlling", "controlled")
    regular = Nice.AgentOption.REGULAR_NOMINATION | Nice.AgentOption.CONSENT_FRESHNESS
    address = own_address()
    for our_role in roles:
        for their_role in roles:
            for options in (regular, Nice.AgentOption.NONE):
                Meeting(path, address, our_role, their_role, options).run()
                print("ours %s, theirs %s, %s nomination: well" %
                      (our_role, their_role, "regular" if options else "aggressive"))


main(sys.argv[1])
