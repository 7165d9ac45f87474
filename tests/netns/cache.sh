#!/bin/bash
# cache.sh -- two nodes behind NATs meet again with every server down, by what is on their disks.
#
#	s1      public; introduces the two, and is killed for good when they have met
#	a, b    each behind a NAT that keeps ports; lan = no
#
# Nobody pings anybody after a restart: who was connected is looked for at once.
# shellcheck source=nat/nat_lib.sh
. "$(dirname "$0")/nat/nat_lib.sh"

state_of()		# NAME OTHER
{
	p2p "$1" status --json | jq -r --arg other "$2" '.peers[] | select(.name == $other) | .state'
}

is_direct()
{
	[ "$(state_of "$1" "$2")" = direct ] && [ "$(state_of "$2" "$1")" = direct ]
}

cache_of()
{
	echo "$tmp/$1/state/p2p0/peers.cache"
}

# On disk with all that this life has learnt: it was written after the two met.
is_kept()
{
	[ "$(cache_of "$1")" -nt "$tmp/met" ]
}

# meet_again SECONDS: from the start of the last of both.
meet_again()
{
	local began

	start a b
	began=$(now_ms)
	wait_for "$1" "a and b are direct" is_direct a b
	note "direct $(($(now_ms) - began)) ms after both were up"
	pings a "$(inner4 b)" 5 0.1
	touch -d '-1 second' "$tmp/met"
}

nat_internet
nat_site a port-restricted
nat_site b port-restricted
for name in s1 a b; do
	node "$name" p2pnet "Lan = no"
done
for name in a b; do
	peer s1 "$name"
	peer "$name" s1 "Endpoint = $(endpoint4 s1)"
done
peer a b
peer b a

claim "s1 introduces a and b; what they know of each other is on disk, for root alone"
start s1 a b
wait_for 10 "a knows s1" has_session a s1
wait_for 10 "b knows s1" has_session b s1
reaches a "$(inner4 b)"
wait_for 10 "a and b are direct" is_direct a b
touch "$tmp/met"
wait_for 40 "a has it on disk" is_kept a
wait_for 40 "b has it on disk" is_kept b
equal "mode" "$(stat -c %a "$(cache_of a)")" 600
crash s1

claim "both are killed; the NATs have not forgotten"
crash a
crash b
meet_again 5

claim "both are stopped; the NATs have forgotten"
stop a
stop b
nat_forget a
nat_forget b
meet_again 5

claim "one is killed"
crash a
began=$(now_ms)
start a
wait_for 5 "a and b are direct" is_direct a b
note "direct after $(($(now_ms) - began)) ms, with its start"
pings a "$(inner4 b)" 5 0.1

claim "a damaged cache is said to be one, and does not keep the net from starting"
stop a
truncate -s -3 "$(cache_of a)"
start a
grep -q 'peers.cache .* is damaged' "$tmp/a/log" || fail "nothing of it in the log"
began=$(now_ms)
wait_for 40 "b, who knows a, finds it" in_ns b ping -n -q -c 1 -W 1 "$(inner4 a)"
note "found by the other after $(($(now_ms) - began)) ms"
finish
