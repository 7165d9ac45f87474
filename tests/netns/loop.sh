#!/bin/bash
# loop.sh -- everything through the tunnel, except what carries the tunnel.
#
#	a 192.0.2.1 ------ br0 192.0.2.254 ------ b 192.0.2.2
#	 AllowedIPs         203.0.113.1             198.51.100.2    2001:db8:77::2
#	 0.0.0.0/0, ::/0    2001:db8:99::1          (the endpoint: off a's link, so
#	                    "a web server"           only the default route leads there)
#
#	a's ping to 203.0.113.1 --> tunnel --> b --> br0;  a's datagrams --> br0 --> b
#
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

join a 1
join b 2
in_ns net sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
in_ns net ip addr add 203.0.113.1/32 dev lo
in_ns net ip addr add 2001:db8:99::1/128 dev lo nodad
in_ns net ip route add 198.51.100.2/32 via 192.0.2.2
in_ns net ip -6 route add 2001:db8:77::2/128 via 2001:db8::2
in_ns net ip route add 10.77.0.0/24 via 192.0.2.2
in_ns net ip -6 route add fd77::/64 via 2001:db8::2
in_ns b sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
in_ns b ip addr add 198.51.100.2/32 dev lo
in_ns b ip addr add 2001:db8:77::2/128 dev lo nodad
untouched=$(host_state a)

full_tunnel()		# ENDPOINT-ADDRESS ENDPOINT FILTER-OF-PLAIN-PACKETS-FROM-A
{
	node a p2pnet
	node b p2pnet
	peer a b "AllowedIPs = 0.0.0.0/0, ::/0" "Endpoint = $2"
	peer b a
	start a b

	claim "the default route leads into the tunnel, IPv4 and IPv6 ($1)"
	capture_start plain "($3) and not igmp"	# joining the LAN group is no leak
	reaches a 203.0.113.1
	pings a 203.0.113.1 10 0.01
	reaches a 2001:db8:99::1
	pings a 2001:db8:99::1 10 0.01
	contains "route" "$(in_ns a ip route get 203.0.113.1)" "dev p2p0"
	contains "source" "$(in_ns a ip route get 2001:db8:99::1)" "src $(inner6 a)"
	claim "none of it was seen outside the tunnel"
	capture_stop
	equal "plain packets of a" "$(tcpdump -n -r "$capture" 2>/dev/null | wc -l)" 0
	claim "b answers from the address that a called"
	equal "b's address at a" "$(endpoint_of a b)" "$2"
	claim "the own network is still reached directly"
	contains "route" "$(in_ns a ip route get 192.0.2.254)" "dev eth0"
	pings a 192.0.2.254 3 0.01
	claim "no datagram of ours came back through the device, also under load"
	iperf a b "$(inner4 b)" -n 2M
	equal "looped datagrams" "$(counter a loop)" 0
	at_least "handshakes" "$(handshake_of a b)" 1

	claim "afterwards the host's routes and rules are as they were"
	stop a
	stop b
	forget_peers a
	forget_peers b
	equal "state of the host" "$(host_state a)" "$untouched"
}

full_tunnel 198.51.100.2 "198.51.100.2:$(port b)" "ip src 192.0.2.1 and not udp port $(port b)"
full_tunnel 2001:db8:77::2 "[2001:db8:77::2]:$(port b)" \
	"ip6 src 2001:db8::1 and not udp port $(port b) and not (icmp6 and ip6[40] >= 133)"
finish
