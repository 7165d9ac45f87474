#!/bin/bash
# path_dies.sh -- the way in use dies under load, in four ways; traffic is on another soon.
#
#	dual1, dual2    IPv6 behind firewalls, IPv4 behind NATs      s1 introduces all
#	port1, port2    IPv4 behind NATs
#	two1            two uplinks, eth0 and eth1, each with a NAT of its own
#	none1           a public address
#
# Throughout each case a ping with 50 a second and an iperf3 go from the first to the second.
# What is measured is the longest time between two answers of the ping. Nothing is ever
# started again.
# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"

mesh=(dual1 dual2 port1 port2 two1 none1)

# -- load --------------------------------------------------------------------

answers()		# NAME
{
	grep -c 'bytes from' "$tmp/$1/ping" || true
}

more_answers_than()	# NAME COUNT
{
	[ "$(answers "$1")" -gt "$2" ]
}

# load NAME OTHER: until unload; returns when there are answers.
load()
{
	local name=$1 other=$2

	ip netns exec "$(ns "$other")" iperf3 -s -1 -B "$(inner4 "$other")" >/dev/null 2>&1 &
	pids+=("$!")
	wait_for 5 "iperf3 listens" listens "$other" 5201
	ip netns exec "$(ns "$name")" iperf3 -c "$(inner4 "$other")" -b 20M -t 3600 \
		>"$tmp/$name/iperf" 2>&1 &
	iperf_of=$!
	ip netns exec "$(ns "$name")" ping -D -n -i 0.02 "$(inner4 "$other")" >"$tmp/$name/ping" 2>&1 &
	ping_of=$!
	pids+=("$iperf_of" "$ping_of")
	wait_for 5 "the ping runs" more_answers_than "$name" 100
}

# unload NAME LIMIT: what happened has happened; the ping is answered again.
unload()
{
	local name=$1 count

	count=$(answers "$name")
	wait_for 60 "$name gets answers again" more_answers_than "$name" $((count + 100))
	is_gone "$iperf_of" && fail "iperf3: $(tail -n 1 "$tmp/$name/iperf")"
	kill -INT "$ping_of" "$iperf_of"
	wait "$ping_of" "$iperf_of" || true
	gap=$(outage "$name")
	note "$claim_text: no answer for $gap ms"
	at_most "the gap" "$gap" "$2"
}

# outage NAME: the longest time, in ms, between two answers of its ping -D.
outage()
{
	sed -nE 's/^\[([0-9]+)\.([0-9]{3}).* bytes from .*/\1\2/p' "$tmp/$1/ping" |
		awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { print most + 0 }'
}

# -- ways --------------------------------------------------------------------

way_of()		# NAME OTHER: "udp6 2001:db8:1::1"
{
	p2p "$1" status --json | jq -r --arg other "$2" '.peers[] |
		select(.name == $other and .state == "direct") | "\(.path.proto) \(.path.local)"'
}

goes_by()		# NAME OTHER WAY: begins so
{
	[[ $(way_of "$1" "$2") == "$3"* ]]
}

# drop6 SITE, drop4 SITE: its router passes on no UDP of that family, and says nothing.
drop6()
{
	in_ns "r-$1" nft 'add table inet dies; add chain inet dies f { type filter hook forward priority -10; }
		add rule inet dies f meta nfproto ipv6 meta l4proto udp drop'
}

undrop()
{
	in_ns "r-$1" nft delete table inet dies
}

# -- the mesh ----------------------------------------------------------------

nat_internet
nat_site dual1 dual
nat_site dual2 dual
nat_site port1 port-restricted
nat_site port2 port-restricted
nat_site none1 none
nat_site two1 port-restricted
nat_site up2 port-restricted

# The second uplink of two1 is a cable into the LAN of up2.
ip link add to-two1b netns "$(ns r-up2)" type veth peer name eth1 netns "$(ns two1)"
in_ns r-up2 ip link set to-two1b master lan up
in_ns r-up2 ip addr del 192.168.1.1/24 dev lan
in_ns r-up2 ip addr add 192.168.2.1/24 dev lan
in_ns two1 ip link set eth1 up
in_ns two1 ip addr add 192.168.2.7/24 dev eth1
in_ns two1 ip route add default via 192.168.2.1 dev eth1 metric 100

introduced_by s1 "${mesh[@]}"
start s1 "${mesh[@]}"
for one in "${mesh[@]}"; do
	wait_for 10 "$one knows s1" has_session "$one" s1
done

# -- 1: it is silent ---------------------------------------------------------

claim "IPv6 is dropped without a word: IPv4 within 7 s"
reaches dual1 "$(inner4 dual2)"
wait_for 10 "dual1 goes by IPv6" goes_by dual1 dual2 udp6
load dual1 dual2
drop6 dual1
wait_for 20 "dual1 goes by IPv4" goes_by dual1 dual2 udp4
wait_for 20 "dual2 goes by IPv4" goes_by dual2 dual1 udp4
unload dual1 7000

claim "it comes back; that is noticed within 75 s, and it is used again without a gap"
load dual1 dual2
undrop dual1
wait_for 75 "dual1 goes by IPv6" goes_by dual1 dual2 udp6
unload dual1 500

# -- 2: the link goes down ---------------------------------------------------

claim "the uplink in use goes down: by the other within 2 s"
reaches two1 "$(inner4 none1)"
wait_for 10 "two1 goes by some uplink" goes_by two1 none1 "udp4 192.168."
load two1 none1
first=$(way_of two1 none1)
case $first in
*192.168.2.*) down=eth1 other="udp4 192.168.1." ;;
*) down=eth0 other="udp4 192.168.2." ;;
esac
note "it goes by $first"
in_ns two1 ip link set "$down" down
wait_for 20 "two1 goes by the other" goes_by two1 none1 "$other"
unload two1 2000

# -- 3: the address is another -----------------------------------------------

replace_address()	# NAME OLD/LENGTH NEW/LENGTH GATEWAY
{
	in_ns "$1" sysctl -qw net.ipv4.conf.eth0.promote_secondaries=1
	in_ns "$1" ip addr add "$3" dev eth0
	in_ns "$1" ip addr del "$2" dev eth0
	in_ns "$1" ip route replace default via "$4"
}

claim "a node behind a NAT has another address: a gap of 1.5 s at most"
reaches port1 "$(inner4 port2)"
load port1 port2
replace_address port1 192.168.1.100/24 192.168.1.150/24 192.168.1.1
wait_for 20 "port1 goes by the new one" goes_by port1 port2 "udp4 192.168.1.150"
unload port1 1500

claim "a node with a public one has another: a gap of 1.5 s at most"
reaches none1 "$(inner4 port2)"
load none1 port2
old=$(outer4 none1)
base=${old%.*}
new=$base.$((${old##*.} + 1))
replace_address none1 "$old/29" "$new/29" "$base.$((${old##*.} - 1))"
wait_for 20 "none1 goes by the new one" goes_by none1 port2 "udp4 $new"
unload none1 1500

# -- 4: the NAT reboots ------------------------------------------------------

claim "the router forgets all it knew: a gap of 7 s at most"
load port1 port2
nat_forget port1
unload port1 7000
claim "the router comes back with another address: a gap of 7 s at most"
load port1 port2
nat_flush port1
unload port1 7000
claim "the peer's router does"
load port1 port2
nat_flush port2
unload port1 7000

claim "and nothing was started again"
for one in s1 "${mesh[@]}"; do
	equal "the process of $one" "$(p2p "$one" status --json | jq .pid)" "${pid_of[$one]}"
done
finish
