#!/usr/bin/python3
"""interop_libnice.py -- our agent and libnice's find each other, in each combination of roles.

	interop_libnice.py PATH/TO/p2pnet

    p2pnet ice <--- a= lines: ufrag, pwd, candidate --- this --- NiceAgent (by introspection)
        '---------------- UDP on this host's own addresses ----------'

Exit 77 (skipped) without gir1.2-nice-0.1 and python3-gi, or without an address that is not
loopback.
"""
import ctypes
import json
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
    """One p2pnet ice and one NiceAgent; over when an echo has come back."""

    def __init__(self, path, our_role, their_role, options):
        self.loop = GLib.MainLoop()
        self.received = None
        self.ours = subprocess.Popen([path, "ice", "--" + our_role], text=True, bufsize=1,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE)
        self.lines = list(iter(lambda: self.ours.stdout.readline().strip(),
                               "a=end-of-candidates"))
        self.agent = Nice.Agent.new_full(self.loop.get_context(), Nice.Compatibility.RFC5245,
                                         options)
        self.agent.props.controlling_mode = their_role == "controlling"
        self.agent.props.upnp = False
        self.stream = self.agent.add_stream(1)
        self.callback = RECEIVE(self.receive)
        library.nice_agent_attach_recv(hash(self.agent), self.stream, 1, None, self.callback, None)
        self.agent.connect("candidate-gathering-done", self.exchange)
        self.agent.connect("component-state-changed", self.changed)

    def exchange(self, agent, stream):
        _, ufrag, pwd = agent.get_local_credentials(stream)
        lines = ["a=ice-ufrag:" + ufrag, "a=ice-pwd:" + pwd]
        for c in agent.get_local_candidates(stream, 1):
            lines.append(agent.generate_local_candidate_sdp(c))
        self.ours.stdin.write("\r\n".join(lines + ["a=end-of-candidates", ""]))
        told = dict(line.split(":", 1) for line in self.lines)
        agent.set_remote_credentials(stream, told["a=ice-ufrag"], told["a=ice-pwd"])
        agent.set_remote_candidates(stream, 1, [
            agent.parse_remote_candidate_sdp(stream, line)
            for line in self.lines if line.startswith("a=candidate:")])

    def changed(self, _agent, _stream, _component, state):
        if state == Nice.ComponentState.READY and self.received is None:
            self.received = b""
            self.send()
            GLib.timeout_add(200, self.send)        # ours may be a round trip behind

    def send(self):
        if not self.received:
            self.agent.send(self.stream, 1, 5, "hello")
        return not self.received

    def receive(self, _agent, _stream, _component, length, data, _user):
        self.received = ctypes.string_at(data, length)
        self.loop.quit()

    def run(self):
        GLib.timeout_add_seconds(20, self.loop.quit)
        self.agent.gather_candidates(self.stream)
        self.loop.run()
        self.ours.stdin.close()
        heard = self.ours.stderr.read().splitlines()
        assert self.ours.wait() == 0, heard
        assert self.received == b"hello", heard
        nominated = [line for line in heard if line.startswith("nominated: ")]
        assert nominated, heard
        return nominated[-1]


def main(path):
    if not Nice.interfaces_get_local_ips(False):
        print("no address but loopback here")
        sys.exit(77)
    roles = ("controlling", "controlled")
    regular = Nice.AgentOption.REGULAR_NOMINATION | Nice.AgentOption.CONSENT_FRESHNESS
    for our_role in roles:
        for their_role in roles:
            for options in (regular, Nice.AgentOption.NONE):
                nominated = Meeting(path, our_role, their_role, options).run()
                print("ours %s, theirs %s, %s nomination: %s" %
                      (our_role, their_role, "regular" if options else "aggressive", nominated))


main(sys.argv[1])
