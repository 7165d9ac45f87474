#!/bin/bash
# three_nodes.sh -- a full mesh of three, mixed IPv4 and IPv6 outside.
#
#	   a
#	  / \        a-b over IPv4, a-c over IPv6,
#	 b---c       b-c: only c knows where b is
#
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${KIND:-p2pnet}

for name in a:1 b:2 c:3; do
	join "${name%:*}" "${name#*:}"
	node "${name%:*}" "$KIND"
done
peer a b "Endpoint = $(endpoint4 b)"
peer a c "Endpoint = $(endpoint6 c)"
peer b a "Endpoint = $(endpoint4 a)"
peer b c
peer c a "Endpoint = $(endpoint6 a)"
peer c b "Endpoint = $(endpoint4 b)"
start a b c

for pair in "a b" "a c" "c b" "b a" "c a" "b c"; do
	read -r from to <<<"$pair"
	claim "$from reaches $to, IPv4 and IPv6"
	reaches "$from" "$(inner4 "$to")"
	pings "$from" "$(inner4 "$to")" 10 0.01
	pings "$from" "$(inner6 "$to")" 10 0.01
done

claim "iperf3 around the triangle at once"
for pair in "a b 5301" "b c 5302" "c a 5303"; do
	read -r from to tcp <<<"$pair"
	ip netns exec "$(ns "$to")" iperf3 -s -1 -p "$tcp" >/dev/null 2>&1 &
	pids+=("$!")
	wait_for 5 "iperf3 listens in $to" listens "$to" "$tcp"
	ip netns exec "$(ns "$from")" iperf3 -c "$(inner4 "$to")" -p "$tcp" -n 4M >/dev/null &
	pids+=("$!")
	clients+=("$!")
done
for client in "${clients[@]}"; do
	wait "$client"
done

claim "a source that is not the peer's own is dropped"
if [ "$KIND" = p2pnet ]; then
	in_ns b ip addr add 10.77.0.99/32 dev "$(device b)"
	before=$(counter a wrong_source)
	in_ns b ping -n -q -c 3 -i 0.01 -W 1 -I 10.77.0.99 "$(inner4 a)" >/dev/null || true
	equal "packets from a wrong source" "$(($(counter a wrong_source) - before))" 3
fi
finish
