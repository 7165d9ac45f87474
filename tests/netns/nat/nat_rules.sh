# shellcheck shell=bash
#
# nat_rules.sh -- the nftables rules of each kind of router. Part of nat_lib.sh.
#
#	nat_rules ... | nft -f -	replaces those of the IPv4 NAT
#	firewall6_rules | nft -f -	those of the IPv6 firewall
#
# A NAT with mappings, not only connections, keeps three tables:
#
#	mapped	host, port --> outer port	where its next connection comes from
#	owner	outer port --> host, port	for whom a packet from outside is
#	holes	host, port, remote address [, remote port]: whom it has sent to
#
# All three are written by what a host sends, and forgotten after `lifetime` of silence.
# Mapping and filtering are separate:
#
#	from outside --> owner: whose?  --> routing --> holes: from there? --> host
#	from a host  --> dig a hole     --> routing --> mapped, or a new port --> outside
#	                                            \-> (hairpin) both, then holes
#
# A packet without a hole is dropped behind the last NAT hook, before conntrack would
# remember it. There the sender of a hairpin packet has its outer address too, so the
# same rule does for both. An outer port that is taken is not given away again; the second
# host gets a random one and keeps that. (TCP: conntrack only.)

nat_rules()		# KIND OUTER-ADDRESS HAIRPIN LIFETIME
{
	echo "table ip nat { }"
	echo "flush table ip nat"
	echo "delete table ip nat"
	echo "define wan = $2"
	case $1 in
	symmetric) plain_rules "snat to \$wan fully-random" ;;
	sequential) plain_rules "meta l4proto udp snat to \$wan : $(next_port)" \
		"snat to \$wan fully-random" ;;
	linux | linux-open) plain_rules masquerade ;;
	*) eim_rules "$1" "$3" "$4" ;;
	esac
	guard_rules "$1"
}

# What comes from outside must answer something, or have been let in on purpose.
guard_rules()		# KIND
{
	cat <<-'END'
		table ip nat {
			chain forward {
				type filter hook forward priority filter
				iifname wan ct state established,related accept
				iifname wan ct status dnat accept
				iifname wan drop
			}
	END
	if [ "$1" != linux-open ]; then
		cat <<-'END'
			chain input {
				type filter hook input priority filter
				iifname wan ct state established,related accept
				iifname wan icmp type echo-request accept
				iifname wan drop
			}
		END
	fi
	echo "}"
}

plain_rules()		# RULE...
{
	echo "table ip nat {"
	echo "chain outward {"
	echo "type nat hook postrouting priority srcnat"
	printf 'oifname wan %s\n' "$@"
	echo "}"
	echo "}"
}

# 40000, 40001 ... 43999 and again. (Without the map, the kernel takes the bytes of the
# counter in the wrong order.)
next_port()
{
	echo "numgen inc mod 4000 map { $(seq 0 3999 | awk '{ print $1 " : " $1 + 40000 }' |
		paste -sd ,) }"
}

eim_rules()		# KIND HAIRPIN LIFETIME
{
	local remote="ip daddr" sender="ip saddr" type="ipv4_addr" filter preserve="" hairpin=""
	local own="ip saddr \$wan meta l4proto udp"

	case $(nat_filtering "$1") in
	port)
		remote="ip daddr . udp dport"
		sender="ip saddr . udp sport"
		type="ipv4_addr . inet_service"
		;;
	esac
	filter="oifname lan ct state new ip daddr . udp dport . $sender != @holes drop"
	if [ "$(nat_filtering "$1")" = any ]; then
		filter=
	fi
	if [ "$1" != carrier ]; then
		preserve="udp sport != @owner snat to \$wan"
	fi
	if [ "$2" = yes ]; then
		hairpin="iifname lan ip daddr \$wan meta l4proto udp dnat ip to udp dport map @owner"
	fi
	cat <<-END
		table ip nat {
			map mapped {
				type ipv4_addr . inet_service : inet_service
				flags dynamic, timeout; timeout $3s; size 65535
			}
			map owner {
				type inet_service : ipv4_addr . inet_service
				flags dynamic, timeout; timeout $3s; size 65535
			}
			set holes {
				type ipv4_addr . inet_service . $type
				flags dynamic, timeout; timeout $3s; size 65535
			}
			chain dig {
				type filter hook prerouting priority mangle
				iifname lan update @holes { ip saddr . udp sport . $remote }
			}
			chain inward {
				type nat hook prerouting priority dstnat
				iifname wan ip daddr \$wan meta l4proto udp dnat ip to udp dport map @owner
				$hairpin
			}
			chain choose {
				meta l4proto udp snat to \$wan : ip saddr . udp sport map @mapped
				$preserve
				meta l4proto udp snat to \$wan random
				snat to \$wan
			}
			chain outward {
				type nat hook postrouting priority srcnat
				oifname wan goto choose
				oifname lan ct original ip daddr \$wan iifname lan goto choose
			}
			chain remember {
				type filter hook postrouting priority srcnat + 50
				$own ct direction original update @mapped { ct original ip saddr . ct original proto-src : udp sport }
				$own ct direction original update @owner { udp sport : ct original ip saddr . ct original proto-src }
				$own ct direction reply update @mapped { ct reply ip saddr . ct reply proto-src : udp sport }
				$own ct direction reply update @owner { udp sport : ct reply ip saddr . ct reply proto-src }
				$filter
			}
		}
	END
}

firewall6_rules()
{
	cat <<-'END'
		table ip6 firewall { }
		flush table ip6 firewall
		table ip6 firewall {
			chain forward {
				type filter hook forward priority filter
				ct state established,related accept
				iifname wan drop
			}
		}
	END
}
