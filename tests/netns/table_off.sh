#!/bin/bash
# table_off.sh -- a file written for wg-quick loads unchanged.
#
#	a p2pnet, with wg-quick's file ---- br0 ---- b wireguard-go
#
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

join a 1
join b 2
node a p2pnet
node b wireguard-go
peer b a "AllowedIPs = 192.168.0.0/16"
start b

wg_quick_file()		# LINE: one more in the [Interface] section
{
	cat >"$(conf a)" <<-END
		[Interface]
		# as wg-quick(8) shows it
		Address = $(inner4 a)/24, $(inner6 a)/64
		PrivateKey = $(cat "$tmp/a/private")
		ListenPort = $(port a)
		DNS = 10.200.100.1
		SaveConfig = false
		PostUp = touch $tmp/hook_ran
		PreDown = touch $tmp/hook_ran
		$1

		[Peer]
		PublicKey = $(public_key b)
		AllowedIPs = $(inner4 b)/32,$(inner6 b)/128, 10.10.0.0/16, 10.20.0.0/16, 10.30.0.0/16, 10.40.0.0/16, 10.50.0.0/16, 10.60.0.0/16, 10.70.0.0/16, 10.80.0.0/16, 10.90.0.0/16, 10.100.0.0/16, 10.110.0.0/16, 10.120.0.0/16
		Endpoint = $(endpoint4 b)
		PersistentKeepalive = 25
	END
}

route_to()
{
	in_ns a ip route show "$1"
}

wg_quick_file "MTU = 1380"
start a
claim "it loads, and reaches the peer"
reaches a "$(inner4 b)"
pings a "$(inner6 b)" 5 0.01
claim "each of the AllowedIPs has a route, to the end of the long line"
contains "route" "$(route_to 10.10.0.0/16)" "dev p2p0"
contains "route" "$(route_to 10.120.0.0/16)" "dev p2p0"
claim "the MTU is honoured"
contains "link" "$(in_ns a ip link show p2p0)" "mtu 1380"
claim "hooks and DNS are named as ignored, and are"
for key in DNS PostUp PreDown; do
	grep -qi "$key" "$tmp/a/log" || fail "no warning about $key: $(cat "$tmp/a/log")"
done
[ ! -e "$tmp/hook_ran" ] || fail "a hook was run"
stop a

claim "Table = off: addresses, but no routes for AllowedIPs"
wg_quick_file "Table = off"
start a
reaches a "$(inner4 b)"
equal "route" "$(route_to 10.10.0.0/16)" ""
stop a

claim "Table = 4711: the routes are in that one"
wg_quick_file "Table = 4711"
start a
reaches a "$(inner4 b)"
equal "route in main" "$(route_to 10.10.0.0/16)" ""
contains "route in 4711" "$(in_ns a ip route show table 4711)" "10.10.0.0/16"
stop a
equal "route in 4711 afterwards" "$(in_ns a ip route show table 4711 2>/dev/null)" ""
finish
