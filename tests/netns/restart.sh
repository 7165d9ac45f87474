#!/bin/bash
# restart.sh -- however a node ends, nothing is left, and it can start again.
#
#	a stays up, untouched ---- br0 ---- b killed, stopped, started, refused
#
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

if [ -x "$P2PNET_SHORT" ]; then
	P2PNET=$P2PNET_SHORT	# a notices a dead session after 1.5 s instead of 15
fi
join a 1
join b 2
node a p2pnet
node b p2pnet
peer a b "Endpoint = $(endpoint4 b)"
peer b a "Endpoint = $(endpoint4 a)"

untouched=$(host_state b)

nothing_left()
{
	local now

	now=$(host_state b)
	[ "$now" = "$untouched" ] ||
		fail "left behind: $(diff <(echo "$untouched") <(echo "$now") | grep '^[<>]' | paste -sd ';')"
}

has_nothing_left()
{
	[ "$(host_state b)" = "$untouched" ]
}

no_runtime_files()
{
	equal "files in the runtime directory" "$(ls -A "$tmp/b/run" 2>/dev/null)" ""
}

start a b
reaches b "$(inner4 a)"

claim "after kill -9 the kernel has taken device, addresses and routes away"
crash b
wait_for 3 "the device is gone" has_nothing_left
nothing_left

claim "a stale socket does not stop the next start"
touch "$tmp/b/run/p2p0.sock"	# there already, unless it died before it made one
start b

claim "traffic resumes at once when the restarted side has something to say"
begin=$(now_ms)
reaches b "$(inner4 a)"
note "after $(($(now_ms) - begin)) ms"

claim "and by itself when only the other side has"
crash b
start b
wait_for 30 "a reaches b again" in_ns a ping -n -q -c 1 -W 1 "$(inner4 b)"

claim "a second up says that it is running already, and the first goes on"
refused 1 p2p b up -c "$(conf b)"
contains "message" "$said" already
reaches b "$(inner4 a)"

claim "SIGTERM: exit code 0; no device, route, rule or socket is left"
stop b
equal "exit code" "$stopped" 0
nothing_left
no_runtime_files

claim "status and down of a net that is not running: exit code 3"
refused 3 p2p b status
refused 3 p2p b down

claim "the clock's high-water mark is kept, and only root can read it"
[ -s "$tmp/b/state/p2p0/handshakes" ] || fail "no mark in $(ls -R "$tmp/b/state")"
equal "mode of its directory" "$(stat -c %a "$tmp/b/state/p2p0")" 700

claim "up in the background, down: the same"
up b
reaches b "$(inner4 a)"
p2p b down
is_gone "${pid_of[b]}" || fail "process ${pid_of[b]} still runs"
nothing_left
no_runtime_files

claim "up where the port is taken fails, says so, and leaves nothing"
ip netns exec "$(ns b)" python3 -c '
import socket, sys
taken = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
taken.bind(("::", int(sys.argv[1])))
print("bound", flush=True)
sys.stdin.read()' "$(port b)" >"$tmp/taken" < <(exec tail -f /dev/null --pid=$$) &
taken=$!
pids+=("$taken")
wait_for 5 "the port is taken" grep -q bound "$tmp/taken"
refused 1 p2p b up -c "$(conf b)"
contains "message" "$said" "$(port b)"
nothing_left
no_runtime_files
kill -TERM "$taken"
wait "$taken" 2>/dev/null || true

claim "up where the device's name belongs to something else: the same"
in_ns b ip link add p2p0 type bridge
occupied=$(host_state b)
refused 1 p2p b up -c "$(conf b)"
contains "message" "$said" p2p0
equal "state of the host" "$(host_state b)" "$occupied"
in_ns b ip link del p2p0
no_runtime_files

claim "up with a bad address fails with file and line: exit code 5"
sed 's,^Address.*,Address = 10.77.0.300/24,' "$(conf b)" >"$tmp/b/bad.conf"
refused 5 p2p b up -c "$tmp/b/bad.conf"
contains "message" "$said" "bad.conf:4"
nothing_left

claim "up without a file: exit code 5"
refused 5 p2p b up -c "$tmp/b/none.conf"

claim "and after all that it starts as ever"
start b
reaches b "$(inner4 a)"
finish
