#!/bin/bash
# leaks.sh -- a whole life under AddressSanitizer: up, traffic, reload, down.
#
#	a p2pnet (sanitized) ---- br0 ---- b p2pnet (sanitized)
#	                           '------ c wireguard-go
#
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

[ -x "$P2PNET_ASAN" ] || skip "no build with AddressSanitizer ($P2PNET_ASAN)"
P2PNET=$P2PNET_ASAN
export ASAN_OPTIONS=detect_leaks=1:exitcode=99
export UBSAN_OPTIONS=print_stacktrace=1

for name in a:1 b:2 c:3; do
	join "${name%:*}" "${name#*:}"
done
node a p2pnet
node b p2pnet
node c wireguard-go
peer a b "Endpoint = $(endpoint4 b)"
cp "$(conf a)" "$tmp/a/short"
peer a c "Endpoint = $(endpoint6 c)" "PersistentKeepalive = 1"
cp "$(conf a)" "$tmp/a/long"
peer b a
peer c a
start a b c

claim "traffic, IPv4 and IPv6, TCP and UDP"
reaches a "$(inner4 b)"
reaches a "$(inner4 c)"
pings a "$(inner6 b)" 20 0.01
iperf a b "$(inner4 b)" -n 2M
iperf a c "$(inner6 c)" -u -b 5M -l 1200 -t 1

claim "garbage of every length and type"
in_ns c python3 - "$(outer4 a)" "$(port a)" <<'END'
import os, socket, sys
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
to = (sys.argv[1], int(sys.argv[2]))
for kind in range(6):
    for length in list(range(0, 200)) + [1400, 1472]:
        out.sendto((bytes([kind, 0, 0, 0]) + os.urandom(length))[:length], to)
END
pings a "$(inner4 b)" 5 0.01

claim "peers taken away and given back, three times"
for _ in 1 2 3; do
	cp "$tmp/a/short" "$(conf a)"
	p2p a reload
	cp "$tmp/a/long" "$(conf a)"
	p2p a reload
	reaches a "$(inner4 c)"
done

claim "every reading command"
p2p a status >/dev/null
p2p a status --json >/dev/null
p2p a status b >/dev/null
p2p a show >/dev/null
p2p a show p2p0 dump >/dev/null
p2p a log >/dev/null
p2p a check "$(conf a)" >/dev/null
p2p a config --effective -c "$(conf a)" >/dev/null
p2p a version >/dev/null

claim "a peer that never answers keeps packets waiting"
in_ns c ip link set eth0 down
in_ns a ping -n -q -c 3 -i 0.01 -W 1 "$(inner4 c)" >/dev/null || true

claim "down and SIGTERM: exit code 0, so no leak and no error"
p2p a down
stopped=0
wait "${pid_of[a]}" || stopped=$?
equal "exit code of a" "$stopped" 0
stop b
equal "exit code of b" "$stopped" 0
for name in a b; do
	if grep -E 'Sanitizer|runtime error' "$tmp/$name/log"; then
		fail "the sanitizers complain about $name"
	fi
done
finish
