#!/bin/bash
# nat_spray.sh -- NATs that show each destination another port are got through, by real ones.
#
#	s1         public; introduces the others; its two ports tell how they are seen
#	sym1       behind a NAT with a random port for each destination
#	seq1 seq2  behind one with the next port for each
#	port1 carr1  behind one with one port for all, that lets in only whom it called
#
# 1000 guesses find one of 256 ports with 98 %, and there are more bursts in 40 s.
# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"

mesh=(sym1 seq1 seq2 port1 carr1)

is_direct()		# NAME OTHER
{
	p2p "$1" status --json | jq -e --arg other "$2" --arg at "$(nat_public "$2")" '.peers[] |
		select(.name == $other and .state == "direct") |
		.path.remote | startswith($at + ":")' >/dev/null
}

# become_direct NAME OTHER: and how long that took.
become_direct()
{
	local ping

	ip netns exec "$(ns "$1")" ping -n -i 0.2 "$(inner4 "$2")" >/dev/null 2>&1 &
	ping=$!
	pids+=("$ping")
	wait_for 40 "$1 is direct to $2" is_direct "$1" "$2"
	note "$1, $2: direct after $(($(now_ms) - claim_start)) ms"
	kill "$ping"
	wait "$ping" || true
}

# Those bound to no address: the listen port's, and each of a burst. (Not TCP's: those come and go.)
udp_sockets()		# NAME
{
	in_ns "$1" ss -4 -n -u -a -H | grep -c " 0\.0\.0\.0:[0-9]* *0\.0\.0\.0:"
}

has_at_most()		# NAME COUNT
{
	[ "$(udp_sockets "$1")" -le "$2" ]
}

# busiest_second FILE FROM TO: the most UDP datagrams in any second.
busiest_second()
{
	tcpdump -n -tt -r "$1" "udp and src $2 and dst $3" 2>/dev/null | cut -d . -f 1 |
		uniq -c | awk '{ if ($1 > most) most = $1 } END { print most + 0 }'
}

nat_internet
nat_site sym1 symmetric
nat_site seq1 sequential
nat_site seq2 sequential
nat_site port1 port-restricted
nat_site carr1 carrier
introduced_by s1 "${mesh[@]}"
core=$tmp/core.pcap
sniff core to-port1 "$core"
start s1 "${mesh[@]}"
for one in "${mesh[@]}"; do
	wait_for 10 "$one knows s1" has_session "$one" s1
done

claim "random ports, one of many is guessed: direct"
become_direct port1 sym1
at_least "UDP sockets of sym1" "$(udp_sockets sym1)" 200
claim "also where the other side has one random port"
become_direct sym1 carr1
claim "ports in a row are guessed in that order"
become_direct port1 seq1
claim "two NATs with ports in a row meet halfway"
become_direct seq1 seq2

claim "what is not needed is closed, and the ways that were found stay"
# The listen port's, two that are ways, one to learn how this NAT is.
wait_for 60 "sym1 has closed its sockets" has_at_most sym1 4
pings port1 "$(inner4 sym1)" 50 0.01
pings sym1 "$(inner4 carr1)" 50 0.01

claim "no more datagrams than punch_rate allows, and what else there is"
kill -INT "$sniffer"
wait "$sniffer" || true
most=$(busiest_second "$core" "$(nat_public port1)" "$(nat_public sym1)")
note "$most datagrams in the busiest second"
at_least "datagrams in a second" "$most" 20
at_most "datagrams in a second" "$most" 250

claim "with punch_rate = no, none"
stop port1
stop sym1
nat_forget port1
nat_forget sym1
printf '\n[nat]\npunch_rate = no\ntcp = no\n' | tee -a "$(conf port1)" >>"$(conf sym1)"
start port1 sym1
wait_for 10 "port1 knows s1" has_session port1 s1
wait_for 10 "sym1 knows s1" has_session sym1 s1
contains "ping" "$(in_ns port1 ping -n -q -c 25 -i 0.2 -W 1 "$(inner4 sym1)")" " 0 received"
has_at_most sym1 2 || fail "sym1 has opened sockets"
finish
