# shellcheck shell=bash disable=SC2034	# the tests use them
#
# nat_lib.sh -- the NAT laboratory: an internet, and homes behind routers that are real.
#
#	      s1 192.0.2.1   192.0.2.2          s2 192.0.2.17   192.0.2.18
#	         2001:db8:1::1  ::2                2001:db8:2::1  ::2
#	                  |                                 |
#	  ----------------+-------------- core -------------+---------------------
#	         |             |                 |                      |
#	     203.0.113.10   203.0.113.18     203.0.113.26          203.0.113.34     wan
#	        r-a            r-b              r-isp                  r-c          routers
#	     192.168.1.1    198.51.100.17    100.64.3.1            2001:db8:104::1  lan
#	         |             |                 |                      |
#	     .100  a        .18  b         100.64.3.2  100.64.3.3     ::100  c
#	     .101  a2       (public)          r-d         r-e         (no IPv4)
#	                                  192.168.1.1  192.168.1.1
#	                                     .100  d     .100  e
#
# Each name is a network namespace. The router of site number N has 203.0.113.(8N+2) of a
# /29 whose (8N+1) is the core; after nat_flush it has (8N+3) and so on. A public LAN is
# 198.51.100.(8N)/29 and 2001:db8:(100+N)::/64, the router's link 2001:db8:ff:N::/64. All
# private LANs are 192.168.1.0/24 and their first hosts all have the same address, as in
# real homes: a host candidate of the other side is often an address of one's own LAN.
# Behind a carrier, the routers' outer addresses are 100.64.N.0/24 (RFC 6598).
#
# To be sourced. What a test calls, in this order:
#
#	nat_internet			the core, s1 and s2
#	nat_site NAME KIND [CARRIER]	a router of that kind, and host NAME behind it
#	nat_carrier NAME [KIND]		a carrier's NAT, for the third argument of nat_site
#	nat_lan NAME SITE		another host on that LAN
#	nat_flush SITE			the router reboots: no mapping, another outer address
#	nat_forget SITE			the same, but it keeps its outer address
#	nat_block_udp SITE		from now on it drops UDP; nat_unblock_udp SITE
#	nat_block SITE [RULE...]	it routes what this nft rule accepts and nothing else;
#					nat_unblock SITE
#	nat_hairpin SITE yes|no		may a LAN host reach another by its outer address
#	nat_lifetime SITE SECONDS	of an unused mapping; 30 unless said (call it early)
#	nat_delay MS [LOSS]		each way through the core; LOSS in percent; again to change
#	nat_no_delay			as at first
#	nat_public SITE			prints the outer address of its router
#	introduced_by NAME HOST...	files of a p2pnet mesh: all know NAME's endpoint, and each
#					other's keys
#	in_ns NAME COMMAND...		on a host; also r-NAME for its router, core, s1, s2
#	nat_theory KIND KIND		how a direct path is possible: see there
#
# `node`, `peer`, `start` and the rest of ../lib.sh work on the hosts made here.
#
# The kinds, in the words of RFC 4787 (sections 4.1, 5), and what makes them. All is
# nftables and conntrack; no packet passes through a program of ours:
#
#	                    mapping     port       filtering  hairpin
#	none                -           -          -          -        public, also IPv6
#	full-cone           endp.-ind.  preserved  endp.-ind. yes
#	address-restricted  endp.-ind.  preserved  address    yes
#	port-restricted     endp.-ind.  preserved  addr+port  no
#	carrier             endp.-ind.  random     addr+port  yes
#	linux               (see below) preserved  addr+port  no       masquerade, no more
#	linux-open          (see below) preserved  addr+port  no       and no input filter
#	symmetric           addr+port   random     addr+port  no       snat fully-random
#	sequential          addr+port   the next   addr+port  no       snat to numgen
#	cgnat               port-restricted, behind a carrier of its own
#	udp-blocked         port-restricted, and all UDP is dropped
#	only-443            port-restricted, and all but TCP to port 443 is dropped
#	only-proxy          nothing is routed; proxy_start on the router lets out TCP to port 443
#	firewall6           IPv6 only; from outside only what answers; no NAT
#	dual                port-restricted for IPv4, firewall6 for IPv6
#
# conntrack alone knows connections, not mappings: nothing keeps two hosts from having the
# same outer port towards different servers, and nothing lets a stranger in. So the kinds
# whose mapping is endpoint-independent keep three tables of their own, see nat_rules.sh.
#
# A router drops what comes from outside for itself; so do home routers. Without
# that ("linux-open"), a peer's packet that comes before ours makes a conntrack entry, the
# entry makes our packet clash, and the clash costs us the port that we had told the peer.

# shellcheck source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# shellcheck source=nat_rules.sh
. "$(dirname "${BASH_SOURCE[0]}")/nat_rules.sh"

nat_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
nat_kinds=(none full-cone address-restricted port-restricted carrier linux linux-open symmetric
	sequential cgnat udp-blocked only-443 only-proxy firewall6 dual)

nat_sites=0			# counts; the number of a site is in site_number
nat_hosts=0
nat_delay_pid=
declare -A site_number site_kind site_upstream site_outer site_hairpin site_lifetime
declare -A site_next_lan	# the last byte of the next address on its LAN
declare -A site_next_outer	# of the next address that a reboot gives it
declare -A address4 address6	# a host's own

# Of lib.sh's hosts these are fixed; ours may have no IPv4 or no IPv6 address.
outer4()
{
	echo "${address4[$1]-}"
}

outer6()
{
	echo "${address6[$1]-}"
}

# -- what a kind is ----------------------------------------------------------

# eim: endpoint-independent. The three below say what the table above says.
nat_mapping()
{
	case $1 in
	none | firewall6) echo none ;;
	symmetric) echo random ;;
	sequential) echo sequential ;;
	linux | linux-open) echo conntrack ;;
	*) echo eim ;;
	esac
}

nat_filtering()
{
	case $1 in
	none | full-cone) echo any ;;
	address-restricted) echo address ;;
	*) echo port ;;
	esac
}

nat_families()
{
	case $1 in
	none | dual) echo 4 6 ;;
	firewall6) echo 6 ;;
	*) echo 4 ;;
	esac
}

has_family()		# KIND 4|6
{
	[[ " $(nat_families "$1") " == *" $2 "* ]]
}

# nat_theory KIND KIND: how two such sites can have a direct UDP path, without port mapping:
#	punch	both send to the other's outer address, as a STUN server sees it
#	spray	one has random ports: many sockets against many guesses
#	predict	one has the next port: guess it
#	luck	both have unknown ports, at least one of them random
#	tcp	UDP is missing, but TCP can be punched
#	no	a family is missing, or all but servers
# A conntrack NAT counts as endpoint-independent: two hosts that clash are rare. (With
# linux-open it depends on whose packet is first.)
nat_theory()
{
	if passes_little "$1" || passes_little "$2"; then
		theory_of_tcp "$1" "$2"
	elif has_family "$1" 6 && has_family "$2" 6; then
		echo punch
	elif ! has_family "$1" 4 || ! has_family "$2" 4; then
		echo no
	else
		theory4 "$1" "$2"
	fi
}

passes_little()		# KIND: no UDP
{
	case $1 in
	udp-blocked | only-443 | only-proxy) ;;
	*) return 1 ;;
	esac
}

# TCP ports are preserved by all routers here but these.
theory_of_tcp()
{
	case $1-$2 in
	*only-* | *symmetric* | *sequential* | *firewall6*) echo no ;;
	*) echo tcp ;;
	esac
}

theory4()
{
	local one other

	one=$(nat_mapping "$1")
	other=$(nat_mapping "$2")
	case $one-$other in
	sequential-sequential) echo predict ;;
	random-random | random-sequential | sequential-random) echo luck ;;
	random-* | sequential-*) theory_of_stranger "$one" "$(nat_filtering "$2")" ;;
	*-random | *-sequential) theory_of_stranger "$other" "$(nat_filtering "$1")" ;;
	*) echo punch ;;
	esac
}

# One comes from a port that nobody could tell the other; will the other let it in?
theory_of_stranger()	# MAPPING FILTERING-OF-THE-OTHER
{
	case $2-$1 in
	any-* | address-*) echo punch ;;
	port-random) echo spray ;;
	port-sequential) echo predict ;;
	esac
}

# -- a mesh ------------------------------------------------------------------

introduced_by()		# INTRODUCER HOST...
{
	local introducer=$1 one other

	shift
	node "$introducer" p2pnet
	for one; do
		node "$one" p2pnet
	done
	for one; do
		peer "$introducer" "$one"
		peer "$one" "$introducer" "Endpoint = $(endpoint4 "$introducer")"
		for other; do
			if [ "$one" != "$other" ]; then
				peer "$one" "$other"
			fi
		done
	done
}

# -- the core ----------------------------------------------------------------

make_router_namespace()
{
	make_namespace "$1"
	in_ns "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
}

# wire NAME DEVICE OTHER: NAME's device, and "to-NAME" in OTHER.
wire()
{
	ip link add "to-${1#r-}" netns "$(ns "$3")" type veth peer name "$2" netns "$(ns "$1")"
	in_ns "$3" ip link set "to-${1#r-}" up
	in_ns "$1" ip link set "$2" up
}

# address NAME DEVICE ADDRESS...
address()
{
	local name=$1 device=$2 each

	shift 2
	for each in "$@"; do
		in_ns "$name" ip addr add "$each" dev "$device"
	done
}

# Whatever has no place on the internet vanishes there, without a word.
nat_internet()
{
	make_router_namespace core
	in_ns core ip route add blackhole default
	in_ns core ip -6 route add blackhole default
	in_ns core nft -f - <<-'END'
		table ip silence {
			chain output {
				type filter hook output priority filter
				icmp code host-unreachable icmp type destination-unreachable drop
			}
		}
	END
	nat_server s1 192.0.2 0 2001:db8:1
	nat_server s2 192.0.2 16 2001:db8:2
}

nat_server()		# NAME PREFIX4 BASE PREFIX6
{
	local name=$1 prefix4=$2 base=$3 prefix6=$4

	new_host "$name"
	wire "$name" eth0 core
	address core "to-$name" "$prefix4.$((base + 14))/28" "$prefix6::fe/64"
	address "$name" eth0 "$prefix4.$((base + 1))/28" "$prefix4.$((base + 2))/28" \
		"$prefix6::1/64" "$prefix6::2/64"
	default_routes "$name" "$prefix4.$((base + 14))" "$prefix6::fe"
	address4[$name]=$prefix4.$((base + 1))
	address6[$name]=$prefix6::1
}

# new_host NAME: so that lib.sh can make a node of it.
new_host()
{
	make_namespace "$1"
	nat_hosts=$((nat_hosts + 1))
	names+=("$1")
	number[$1]=$nat_hosts
	mkdir -p "$tmp/$1"
	chmod 755 "$tmp/$1"
}

default_routes()	# NAME VIA4 VIA6: either may be empty
{
	if [ -n "$2" ]; then
		in_ns "$1" ip route add default via "$2"
	fi
	if [ -n "$3" ]; then
		in_ns "$1" ip -6 route add default via "$3"
	fi
}

# -- sites -------------------------------------------------------------------

nat_site()		# NAME KIND [CARRIER]
{
	local name=$1 type=$2 carrier=${3:-core}

	[[ " ${nat_kinds[*]} " == *" $type "* ]] || fail "no kind of NAT is called $type"
	if [ "$type" = cgnat ] && [ "$carrier" = core ]; then
		carrier=$name-isp
		nat_carrier "$carrier"
	fi
	new_router "$name" "$type" "$carrier"
	nat_lan "$name" "$name"
}

nat_carrier()		# NAME [KIND]
{
	new_router "$1" "${2:-carrier}" core
	site_next_lan[$1]=2
	address "r-$1" lan "100.64.${site_number[$1]}.1/24"
}

new_router()		# NAME KIND UPSTREAM
{
	local name=$1 upstream=$3

	nat_sites=$((nat_sites + 1))
	[ "$nat_sites" -lt 32 ] || fail "a /29 each: there are only 31 sites"
	site_number[$name]=$nat_sites
	site_kind[$name]=$2
	site_upstream[$name]=$upstream
	site_lifetime[$name]=30
	site_hairpin[$name]=no
	case $2 in
	full-cone | address-restricted | carrier) site_hairpin[$name]=yes ;;
	esac
	make_router_namespace "r-$name"
	make_lan_bridge "r-$name"
	if [ "$upstream" = core ]; then
		wire "r-$name" wan core
		connect_to_core "$name"
	else
		wire "r-$name" wan "r-$upstream"
		in_ns "r-$upstream" ip link set "to-$name" master lan
		move_wan "$name" "$(carrier_address "$upstream")/24" "100.64.${site_number[$upstream]}.1"
	fi
	apply_rules "$name"
	case $2 in
	udp-blocked) nat_block_udp "$name" ;;
	only-443) nat_block "$name" tcp dport 443 accept ;;
	only-proxy) nat_block "$name" ;;
	esac
}

# Multicast reaches every port, as on a cheap switch. Rules are for what is routed: with
# br_netfilter a hairpin packet would be translated and then bridged, past half of them.
make_lan_bridge()
{
	in_ns "$1" sysctl -qew net.bridge.bridge-nf-call-iptables=0 \
		net.bridge.bridge-nf-call-ip6tables=0
	in_ns "$1" ip link add lan type bridge mcast_snooping 0
	in_ns "$1" ip link set lan up
}

connect_to_core()
{
	local name=$1 n=${site_number[$1]}

	address core "to-$name" "203.0.113.$((8 * n + 1))/29"
	site_next_outer[$name]=$((8 * n + 2))
	move_wan "$name" "$(core_address "$name")/29" "203.0.113.$((8 * n + 1))"
	if has_family "${site_kind[$name]}" 6; then
		address core "to-$name" "2001:db8:ff:$n::fe/64"
		address "r-$name" wan "2001:db8:ff:$n::1/64"
		default_routes "r-$name" "" "2001:db8:ff:$n::fe"
		in_ns core ip -6 route add "$(lan_prefix6 "$name")::/64" via "2001:db8:ff:$n::1"
	fi
}

# The next free outer address of a site: at the core (five, then again from the first),
# or at a carrier.
core_address()
{
	echo "203.0.113.${site_next_outer[$1]}"
}

carrier_address()
{
	echo "100.64.${site_number[$1]}.${site_next_lan[$1]}"
}

# move_wan NAME ADDRESS/LENGTH GATEWAY: the router has this outer address and no other.
move_wan()
{
	local name=$1 n=${site_number[$1]} base

	in_ns "r-$name" ip -4 addr flush dev wan
	address "r-$name" wan "$2"
	default_routes "r-$name" "$3" ""
	site_outer[$name]=${2%/*}
	if [ "${site_upstream[$name]}" = core ]; then
		base=$((8 * n + 2))
		site_next_outer[$name]=$((base + (site_next_outer[$name] - base + 1) % 5))
		if [ "${site_kind[$name]}" = none ]; then
			in_ns core ip route replace "$(lan_prefix4 "$name").$((8 * n))/29" \
				via "${site_outer[$name]}"
		fi
	else
		base=${site_upstream[$name]}
		site_next_lan[$base]=$((site_next_lan[$base] + 1))
	fi
}

nat_public()
{
	echo "${site_outer[$1]}"
}

lan_prefix4()
{
	case ${site_kind[$1]} in
	none) echo 198.51.100 ;;
	*) echo 192.168.1 ;;
	esac
}

lan_prefix6()
{
	echo "2001:db8:$((100 + site_number[$1]))"
}

# The router's own addresses on the LAN, when the first host comes.
start_lan()
{
	local site=$1 prefix4 base=0 length=24

	prefix4=$(lan_prefix4 "$site")
	site_next_lan[$site]=100
	if [ "${site_kind[$site]}" = none ]; then
		base=$((8 * site_number[$site]))
		length=29
		site_next_lan[$site]=$((base + 2))
	fi
	if has_family "${site_kind[$site]}" 4; then
		address "r-$site" lan "$prefix4.$((base + 1))/$length"
	fi
	if has_family "${site_kind[$site]}" 6; then
		address "r-$site" lan "$(lan_prefix6 "$site")::1/64"
	fi
}

nat_lan()		# NAME SITE
{
	local name=$1 site=$2 type=${site_kind[$2]} via4="" via6="" last length base=0

	if [ -z "${site_next_lan[$site]-}" ]; then
		start_lan "$site"
	fi
	new_host "$name"
	wire "$name" eth0 "r-$site"
	in_ns "r-$site" ip link set "to-$name" master lan
	last=${site_next_lan[$site]}
	site_next_lan[$site]=$((last + 1))
	if has_family "$type" 4; then
		length=24
		if [ "$type" = none ]; then
			length=29
			base=$((8 * site_number[$site]))
		fi
		address4[$name]=$(lan_prefix4 "$site").$last
		via4=$(lan_prefix4 "$site").$((base + 1))
		address "$name" eth0 "${address4[$name]}/$length"
	fi
	if has_family "$type" 6; then
		address6[$name]=$(lan_prefix6 "$site")::$last
		via6=$(lan_prefix6 "$site")::1
		address "$name" eth0 "${address6[$name]}/64"
	fi
	default_routes "$name" "$via4" "$via6"
}

# -- rules -------------------------------------------------------------------

# apply_rules SITE: its tables start empty. What conntrack knows stays.
apply_rules()
{
	local name=$1 seconds=${site_lifetime[$1]}

	if has_family "${site_kind[$name]}" 4 && [ "${site_kind[$name]}" != none ]; then
		nat_rules "${site_kind[$name]}" "${site_outer[$name]}" "${site_hairpin[$name]}" \
			"$seconds" | in_ns "r-$name" nft -f -
	fi
	if [ "${site_kind[$name]}" = dual ] || [ "${site_kind[$name]}" = firewall6 ]; then
		firewall6_rules | in_ns "r-$name" nft -f -
	fi
	in_ns "r-$name" sysctl -qw net.netfilter.nf_conntrack_udp_timeout="$seconds" \
		net.netfilter.nf_conntrack_udp_timeout_stream="$seconds"
}

# -- what happens to a site --------------------------------------------------

# nat_forget SITE: the router starts again with the address that it had.
nat_forget()
{
	apply_rules "$1"
	in_ns "r-$1" conntrack -F >/dev/null 2>&1
}

nat_flush()		# SITE
{
	local name=$1 upstream=${site_upstream[$1]}

	if [ "$upstream" = core ]; then
		move_wan "$name" "$(core_address "$name")/29" \
			"203.0.113.$((8 * site_number[$name] + 1))"
	else
		move_wan "$name" "$(carrier_address "$upstream")/24" \
			"100.64.${site_number[$upstream]}.1"
	fi
	nat_forget "$name"
}

# nat_block SITE [RULE...]: it routes nothing but what this rule accepts, and the answers.
nat_block()
{
	local site=$1

	shift
	in_ns "r-$site" nft -f - <<-END
		table inet block {
			chain forward {
				type filter hook forward priority filter - 10; policy drop
				ct state established,related accept
				$*
			}
		}
	END
	in_ns "r-$site" conntrack -F >/dev/null 2>&1
}

nat_unblock()		# SITE
{
	in_ns "r-$1" nft delete table inet block
}

nat_block_udp()		# SITE
{
	in_ns "r-$1" nft -f - <<-'END'
		table inet block {
			chain forward {
				type filter hook forward priority filter - 10
				meta l4proto udp drop
			}
		}
	END
}

nat_unblock_udp()	# SITE
{
	nat_unblock "$1"
}

nat_hairpin()		# SITE yes|no
{
	[ "$(nat_mapping "${site_kind[$1]}")" = eim ] || fail "${site_kind[$1]} has no hairpin"
	site_hairpin[$1]=$2
	apply_rules "$1"
}

nat_lifetime()		# SITE SECONDS
{
	site_lifetime[$1]=$2
	apply_rules "$1"
}

# nat_delay MS [LOSS]: whatever crosses the core waits in a program's queue, see there.
nat_delay()
{
	local family

	nat_no_delay
	rm -f "$tmp/delay"	# it says "ready" of the last time
	ip netns exec "$(ns core)" "$nat_here/nat_delay.py" delay0 "$1" "${2:-0}" \
		>"$tmp/delay" 2>&1 &
	nat_delay_pid=$!
	pids+=("$nat_delay_pid")
	wait_for 5 "the delay is ready" grep -q ready "$tmp/delay"
	in_ns core ip link set delay0 up
	for family in -4 -6; do
		in_ns core ip "$family" route add default dev delay0 table 100
		in_ns core ip "$family" rule add not iif delay0 lookup 100
	done
}

nat_no_delay()
{
	local family

	if [ -n "$nat_delay_pid" ]; then
		for family in -4 -6; do
			in_ns core ip "$family" rule del lookup 100
		done
		kill "$nat_delay_pid"
		wait "$nat_delay_pid" || true
		nat_delay_pid=
	fi
}

# -- asking ------------------------------------------------------------------

# nat_check QUESTION HOST...: what real datagrams tell, see nat_check.py.
nat_check()
{
	"$nat_here/nat_check.py" "p2n-$$-" "$@"
}

command -v conntrack >/dev/null || skip "nat_flush needs conntrack (Debian: conntrack)"
