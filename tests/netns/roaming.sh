#!/bin/bash
# roaming.sh -- a peer's outer address changes, then its port; traffic goes on.
#
#	a 192.0.2.1 stays             b 192.0.2.2  --> 192.0.2.102 --> other port
#
# b pings a, 100 a second, throughout. The port is changed as a NAT would do it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

join a 1
join b 2
in_ns b sysctl -qw net.ipv4.conf.all.promote_secondaries=1

# p2pnet must notice that its address is gone. wireguard-go of this age does not (it goes
# on with the old source), so its address changes the way a NAT in front of it would do it.
move_address()
{
	in_ns b ip addr add 192.0.2.102/24 dev eth0
	if [ "${kind[b]}" = p2pnet ]; then
		in_ns b ip addr del 192.0.2.2/24 dev eth0
	else
		rewrite 192.0.2.102 "$(port b)" 192.0.2.2
	fi
}

move_back()
{
	in_ns b nft flush ruleset
	in_ns b ip addr add 192.0.2.2/24 dev eth0 2>/dev/null || true
	in_ns b ip addr del 192.0.2.102/24 dev eth0
}

# rewrite ADDRESS PORT OWN: what b's socket sends seems to come from that address and port,
# and the answers find their way back to its own address.
rewrite()
{
	in_ns b nft -f - <<-END
		flush ruleset
		table ip roam {
			chain out {
				type filter hook postrouting priority 0
				udp sport $(port b) ip saddr set $1 udp sport set $2
			}
			chain in {
				type filter hook prerouting priority -300
				udp dport $2 ip daddr set $3 udp dport set $(port b)
			}
		}
	END
}

endpoint_is()		# NAME OTHER ENDPOINT
{
	[ "$(endpoint_of "$1" "$2")" = "$3" ]
}

roam()			# KIND-OF-A KIND-OF-B
{
	node a "$1"
	node b "$2"
	peer a b
	peer b a "Endpoint = $(endpoint4 a)"
	start a b
	reaches b "$(inner4 a)"

	claim "$1 follows $2 to another address"
	pings_start b "$(inner4 a)" 300 0.01
	wait_for 3 "traffic" endpoint_is a b "$(endpoint4 b)"
	move_address
	wait_for 3 "a knows b's new address" endpoint_is a b "192.0.2.102:$(port b)"
	claim "$1 follows $2 to another port"
	if [ "$2" = p2pnet ]; then
		rewrite 192.0.2.102 61802 192.0.2.102
	else
		rewrite 192.0.2.102 61802 192.0.2.2
	fi
	wait_for 3 "a knows b's new port" endpoint_is a b "192.0.2.102:61802"
	pings_finish b 20
	claim "and $1 can call $2 there"
	pings a "$(inner6 b)" 10 0.01

	move_back
	stop a
	stop b
	forget_peers a		# who follows under that key has not what this one had
	forget_peers b
}

roam "${KIND:-p2pnet}" "${KIND:-p2pnet}"
roam "${KIND:-p2pnet}" wireguard-go
roam wireguard-go "${KIND:-p2pnet}"
finish
