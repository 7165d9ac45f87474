# shellcheck shell=bash disable=SC2034,SC2154	# nat_lib.sh's, and the tests'
#
# router_lib.sh -- routers of the laboratory that open ports: miniupnpd on them.
#
#	router_start SITE [LINE...]	PCP, NAT-PMP and UPnP; more lines of its configuration
#	router_restart SITE		it has forgotten all mappings
#	router_mutes SITE pcp|natpmp	it does not hear this protocol
#	router_mappings SITE [PROTO]	host:port of each of UDP, or of that protocol, one a line
#	router_address SITE		its address on the internet
#
# miniupnpd maps nothing where its outer address is one of documentation, which those of the
# laboratory all are. So the core routes 45.0.0.(number of the site) to the router as well;
# this is the address that it tells. What goes out from the LAN still has the other one.
# Where there is IPv6, the router announces fe80::1 to its LAN, as a home's does, and its
# firewall has the holes that PCP digs.
#
# To be sourced behind nat_lib.sh.

declare -A router_pid router_lines

router_address()
{
	echo "45.0.0.${site_number[$1]}"
}

router_start()		# SITE [LINE...]
{
	local site=$1 outer

	shift
	outer=$(router_address "$site")
	in_ns core ip route replace "$outer/32" via "${site_outer[$site]}"
	in_ns "r-$site" ip addr replace "$outer/32" dev wan
	router_lines[$site]=$(printf '%s\n' "$@")
	router_chains "$site"
	if has_family "${site_kind[$site]}" 6; then
		router_firewall6 "$site"
	fi
	router_run "$site"
}

# Those of /etc/miniupnpd/nft_init.sh, but what they do not match goes on to the NAT's rules.
router_chains()
{
	in_ns "r-$1" nft -f - <<-'END'
		table inet miniupnpd {
			chain forward {
				type filter hook forward priority -1
				jump miniupnpd
			}
			chain prerouting {
				type nat hook prerouting priority dstnat - 1
				jump prerouting_miniupnpd
			}
			chain postrouting {
				type nat hook postrouting priority srcnat - 1
				jump postrouting_miniupnpd
			}
			chain miniupnpd { }
			chain prerouting_miniupnpd { }
			chain postrouting_miniupnpd { }
		}
	END
}

# lib.sh's hosts take no router advertisements; what these would bring comes by hand.
router_firewall6()
{
	in_ns "r-$1" nft delete table ip6 firewall
	in_ns "r-$1" nft add rule inet miniupnpd forward meta nfproto ipv6 iifname wan ct state new drop
	in_ns "r-$1" ip addr add fe80::1/64 dev lan nodad
	in_ns "$1" ip -6 route del default
	in_ns "$1" ip -6 route add default via fe80::1 dev eth0
}

router_holes6()		# SITE: address and port of each, as nft writes them
{
	in_ns "r-$1" nft list chain inet miniupnpd miniupnpd |
		sed -nE 's/.*dport ([0-9]+) @nh,192,128 (0x[0-9a-f]+).*/\1 \2/p'
}

router_run()
{
	local site=$1 conf=$tmp/r-$1.conf

	cat >"$conf" <<-END
		ext_ifname=wan
		ext_ip=$(router_address "$site")
		listening_ip=lan
		http_port=5000
		enable_natpmp=yes
		enable_upnp=yes
		secure_mode=yes
		system_uptime=no
		upnp_table_name=miniupnpd
		upnp_nat_table_name=miniupnpd
		notify_interval=900
		uuid=6e0d5d3c-7c8b-4d5b-9a55-2b2d7e6a0${site_number[$site]}00
		${router_lines[$site]}
		allow 1024-65535 192.168.1.0/24 1024-65535
		deny 0-65535 0.0.0.0/0 0-65535
	END
	ip netns exec "$(ns "r-$site")" miniupnpd -d -f "$conf" -P "$tmp/r-$site.pid" \
		>>"$tmp/r-$site.log" 2>&1 </dev/null &
	router_pid[$site]=$!
	pids+=("$!")
	wait_for 5 "the router of $site listens" router_listens "$site"
}

router_listens()
{
	[ -n "$(in_ns "r-$1" ss -Hlntu 'sport = :1900 or sport = :5351 or sport = :5000')" ]
}

router_stop()
{
	kill -KILL "${router_pid[$1]}"
	wait "${router_pid[$1]}" 2>/dev/null || true
	in_ns "r-$1" nft flush chain inet miniupnpd miniupnpd
	in_ns "r-$1" nft flush chain inet miniupnpd prerouting_miniupnpd
	in_ns "r-$1" nft flush chain inet miniupnpd postrouting_miniupnpd
}

router_restart()
{
	router_stop "$1"
	router_run "$1"
}

# The version is the first byte of both protocols, which share a port.
router_mutes()		# SITE pcp|natpmp
{
	local version=0

	if [ "$2" = pcp ]; then
		version=2
	fi
	in_ns "r-$1" nft -f - <<-END
		table inet mute {
			chain input {
				type filter hook input priority -1
				udp dport 5351 @th,64,8 $version drop
			}
		}
	END
}

# nft writes the rules' protocol as a number.
router_mappings()
{
	local number=0x11

	if [ "${2-udp}" = tcp ]; then
		number='0x0?6'
	fi
	in_ns "r-$1" nft list chain inet miniupnpd prerouting_miniupnpd |
		sed -nE "s/.* $number .*dport ([0-9]+).* to ([0-9.:]+).*/\1 \2/p"
}
