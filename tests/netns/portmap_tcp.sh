#!/bin/bash
# portmap_tcp.sh -- a router that opens a port of TCP makes a node reachable that UDP cannot reach.
#
#	s1   public; introduces the others, and carries nothing of theirs
#	a    behind a symmetric NAT, whose router is miniupnpd: PCP, NAT-PMP, UPnP
#	b    behind another symmetric NAT, which lets no UDP out, and whose router opens nothing
#
# Neither can guess the other's ports: what makes them direct is the mapping.
# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"
# shellcheck source=nat/router_lib.sh
. "$here/nat/router_lib.sh"

# only METHOD: a may ask its router by that alone.
only()
{
	local one

	node a p2pnet "[nat]" "punch_rate = no" "$(for one in pcp natpmp upnp; do
		if [ "$one" = "$1" ]; then echo "$one = yes"; else echo "$one = no"; fi
	done)"
}

port_map()		# KEY FIELD
{
	p2p a status --json | jq -r ".self.$1.$2"
}

path_of()		# NAME OTHER: "direct tcp4 203.0.113.18:51801"
{
	p2p "$1" status --json | jq -r --arg other "$2" '.peers[] | select(.name == $other) |
		"\(.state) \(.path.proto) \(.path.remote)"'
}

goes_by_the_mapping()
{
	[ "$(path_of b a)" = "direct tcp4 $(router_address a):$(port a)" ]
}

is_called()		# by b's NAT, over TCP
{
	[[ $(path_of a b) == "direct tcp4 $(nat_public b):"* ]]
}

router_has()		# PROTO WHAT
{
	[ "$(router_mappings a "$1")" = "$2" ]
}

nat_internet
nat_site a symmetric
nat_site b symmetric
nat_block_udp b
router_start a
node s1 p2pnet
only pcp
node b p2pnet "[nat]" "punch_rate = no"
peer s1 a
peer s1 b
peer b s1 "Endpoint = $(endpoint4 s1)"
peer b a
mapping="$(port a) 192.168.1.100:$(port a)"
start s1

for method in pcp natpmp upnp; do
	claim "two symmetric NATs, one lets no UDP out, the other opens a port by $method: tcp4, direct"
	only "$method"
	peer a s1 "Endpoint = $(endpoint4 s1)"
	peer a b
	forget_peers a
	forget_peers b
	start a
	wait_for 10 "the router opens a port of UDP" router_has udp "$mapping"
	equal "ports of TCP, as nobody is called by it" "$(router_mappings a tcp)" ""
	equal "the port map" "$(port_map port_map_tcp method)" null
	start b
	wait_for 10 "a knows s1" has_session a s1
	wait_for 15 "b knows s1" has_session b s1
	began=$(now_ms)
	reaches b "$(inner4 a)"
	wait_for 20 "b's packets go to the port that the router opened" goes_by_the_mapping
	wait_for 5 "a's packets go back by it" is_called
	note "direct after $(($(now_ms) - began)) ms"
	equal "the router's ports of TCP" "$(router_mappings a tcp)" "$mapping"
	equal "the port map" "$(port_map port_map_tcp external)" "$(router_address a):$(port a)"
	contains "a's status" "$(p2p a status)" "mapped tcp/$(router_address a):$(port a) by"
	pings b "$(inner4 a)" 50 0.02

	claim "down gives both ports back"
	stop b
	p2p a down >/dev/null
	wait "${pid_of[a]}" || fail "a ended with $?"
	wait_for 5 "no port of TCP is left" router_has tcp ""
	wait_for 5 "nor of UDP" router_has udp ""
done
finish
