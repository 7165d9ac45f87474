#!/bin/bash
# portmap.sh -- a router that opens a port makes a node reachable that no punching reaches.
#
#	s1   public; introduces the others, and carries nothing of theirs
#	a    behind a symmetric NAT, whose router is miniupnpd: PCP, NAT-PMP, UPnP
#	b    behind another symmetric NAT, whose router opens nothing
#
# The ports of both are guessed by nobody (punch_rate = no): what makes them direct is the
# mapping. Then each protocol alone, what a restart of either side leaves, and a router
# behind a NAT of its own.
# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"
# shellcheck source=nat/router_lib.sh
. "$here/nat/router_lib.sh"

all=(pcp natpmp upnp)
declare -A name_of=([pcp]=PCP [natpmp]=NAT-PMP [upnp]=UPnP)

# only NODE METHOD...: its [nat] section allows these.
only()
{
	local name=$1 method

	shift
	node "$name" p2pnet "[nat]" "punch_rate = no" "$(for method in "${all[@]}"; do
		if [[ " $* " == *" $method "* ]]; then
			echo "$method = yes"
		else
			echo "$method = no"
		fi
	done)"
}

port_map()		# NODE FIELD
{
	p2p "$1" status --json | jq -r ".self.port_map.$2"
}

is_mapped_by()		# NODE METHOD
{
	[ "$(port_map "$1" method)" = "$2" ]
}

mapping()		# NODE: as the router shall have it
{
	echo "$(port "$1") 192.168.1.100:$(port "$1")"
}

router_has()		# SITE WHAT
{
	[ "$(router_mappings "$1")" = "$2" ]
}

has_port_map()		# NODE METHOD
{
	wait_for 10 "$1 has a port map by $2" is_mapped_by "$1" "$2"
	equal "its address" "$(port_map "$1" external)" "$(router_address "$1"):$(port "$1")"
	equal "the router's mappings" "$(router_mappings "$1")" "$(mapping "$1")"
}

stops_and_takes_it_along()
{
	local before

	before=$(now_ms)
	p2p a down >/dev/null
	note "down took $(($(now_ms) - before)) ms"
	wait "${pid_of[a]}" 2>/dev/null || true
	wait_for 5 "the router maps nothing any more" router_has a ""
}

nat_internet
nat_site a symmetric
nat_site b symmetric
router_start a

claim "two symmetric NATs, one router opens a port: direct"
node s1 p2pnet
only a "${all[@]}"
only b "${all[@]}"
for one in a b; do
	peer s1 "$one"
	peer "$one" s1 "Endpoint = $(endpoint4 s1)"
done
peer a b
peer b a
start s1 a b
has_port_map a PCP
equal "is it public" "$(port_map a public)" true
wait_for 10 "a knows s1" has_session a s1
wait_for 10 "b knows s1" has_session b s1
reaches b "$(inner4 a)"
equal "b's path to a" "$(endpoint_of b a)" "$(router_address a):$(port a)"
contains "a's path to b" "$(endpoint_of a b)" "$(nat_public b):"
pings b "$(inner4 a)" 50 0.02

claim "b, whose router opens nothing, has no port map and says so once"
equal "b's port map" "$(p2p b status --json | jq -r .self.port_map)" null
contains "a's status" "$(p2p a status)" "$(router_address a):$(port a) by PCP"
contains "a's netcheck" "$(p2p a netcheck --stun "$(endpoint4 s1)")" \
	"Port map  PCP -> $(router_address a):$(port a) for 2h00"
contains "b's" "$(p2p b netcheck --stun "$(endpoint4 s1)")" "Port map  no"

claim "idle, no packet goes to either router for 5 s"
sniff r-a lan "$tmp/idle.pcap" "udp port 5351 or udp port 1900 or tcp port 5000"
quiet=$sniffer
in_ns a ping -n -q -c 25 -i 0.2 "$(inner4 b)" >/dev/null
kill -INT "$quiet"
wait "$quiet" || true
equal "packets" "$(tcpdump -n -r "$tmp/idle.pcap" 2>/dev/null | wc -l)" 0

claim "the router restarts and has forgotten it: mapped again within 10 s, and direct"
router_restart a
wait_for 10 "mapped again" router_has a "$(mapping a)"
pings b "$(inner4 a)" 5 0.1

claim "a is killed and comes again: it adopts its mapping, there is no second"
crash a
equal "what the killed one left" "$(router_mappings a)" "$(mapping a)"
start a
has_port_map a PCP
stops_and_takes_it_along

for method in natpmp upnp; do
	claim "${name_of[$method]} alone, as the config says; gone after down"
	only a "$method"
	start a
	has_port_map a "${name_of[$method]}"
	stops_and_takes_it_along
done

claim "the port is taken by another host: each way finds another one"
nat_lan a2 a
in_ns a2 natpmpc -g 192.168.1.1 -a "$(port a)" 5000 udp 3600 >/dev/null
equal "who has it" "$(router_mappings a)" "$(port a) 192.168.1.101:5000"
for method in pcp natpmp upnp; do
	only a "$method"
	start a
	wait_for 10 "a has a port map" is_mapped_by a "${name_of[$method]}"
	other=$(port_map a external)
	different "the port" "$other" "$(router_address a):$(port a)"
	contains "the mappings" "$(router_mappings a)" "${other##*:} 192.168.1.100:$(port a)"
	note "$method: $other"
	p2p a down >/dev/null
	wait_for 5 "only a2's is left" router_has a "$(port a) 192.168.1.101:5000"
done
in_ns a2 natpmpc -g 192.168.1.1 -a 0 5000 udp 0 >/dev/null
wait_for 5 "a2 has given it back" router_has a ""

claim "a router that does not hear PCP: NAT-PMP"
router_mutes a pcp
only a "${all[@]}"
start a
has_port_map a NAT-PMP
stops_and_takes_it_along

claim "nor NAT-PMP: UPnP"
router_mutes a natpmp
start a
has_port_map a UPnP

stops_and_takes_it_along

# -- a helper that waits -----------------------------------------------------

helper_of()		# NODE: its process
{
	pgrep -f -x --ns "${pid_of[$1]}" --nslist net "p2pnet upnp-helper .*"
}

status_line()		# PID FIELD
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

claim "the UPnP helper has no identity, no right, no file, and few system calls"
only a upnp
in_ns r-a nft add rule inet mute input udp dport 1900 drop
start a
wait_for 3 "the helper runs" helper_of a
helper=$(helper_of a)
equal "its ids" "$(status_line "$helper" Uid)" "65534	65534	65534	65534"
equal "its capabilities" "$(status_line "$helper" CapEff)$(status_line "$helper" CapBnd)" \
	"0000000000000000$(status_line $$ CapBnd)"
equal "new privileges" "$(status_line "$helper" NoNewPrivs)" 1
equal "its filter" "$(status_line "$helper" Seccomp)" 2
contains_not "its memory" "$(grep -c . "/proc/$helper/environ" || true)" P2P
at_most "its descriptors" "$(find "/proc/$helper/fd" -type l | wc -l)" 4
wait_for 5 "the helper has ended" is_gone "$helper"

claim "a router that takes a connection and says nothing: down all the same"
crash a
in_ns r-a nft delete table inet mute
router_mutes a pcp
in_ns r-a nft add rule inet mute input tcp dport 5000 drop
start a
wait_for 3 "the helper runs" helper_of a
helper=$(helper_of a)
before=$(now_ms)
p2p a down >/dev/null
took=$(($(now_ms) - before))
note "down took $took ms"
at_most "the time of down" "$took" 3000
is_gone "$helper" || fail "the helper is still there"

# -- IPv6 --------------------------------------------------------------------

has_hole6()		# SITE
{
	[ -n "$(router_holes6 "$1")" ]
}

has_no_hole6()
{
	[ -z "$(router_holes6 "$1")" ]
}

claim "an IPv6 firewall opens by PCP: who could not be called can be"
nat_site d dual
router_start d
nat_site e firewall6
for one in d e; do
	only "$one" "${all[@]}"
	peer s1 "$one" "Endpoint = $(endpoint6 "$one")"
	peer "$one" s1
done
p2p s1 reload >/dev/null
start d e
wait_for 10 "the firewall has a hole" has_hole6 d
reaches s1 "$(inner4 d)"
equal "s1's path to d" "$(endpoint_of s1 d)" "$(endpoint6 d)"
contains "ping to e, whose router opens nothing" \
	"$(in_ns s1 ping -n -q -c 2 -W 1 "$(inner4 e)")" "2 packets transmitted, 0 received"
p2p d down >/dev/null
wait_for 5 "the hole is closed" has_no_hole6 d
wait_for 5 "nor is a port left" router_has d ""

# -- other habits ------------------------------------------------------------

# habit SITE HABIT [OTHER]: its router is of that kind.
habit()
{
	local site=$1

	shift
	ip netns exec "$(ns "r-$site")" "$here/nat/upnp_router.py" 192.168.1.1 45.0.0.77 "$@" \
		>"$tmp/r-$site.log" 2>&1 &
	habit_pid=$!
	pids+=("$!")
	wait_for 5 "it listens" grep -q ready "$tmp/r-$site.log"
}

unhabit()
{
	kill "$habit_pid"
	wait "$habit_pid" || true
}

was_asked()		# SITE ACTION PORT LEASE
{
	grep -qx "$2 $3 $4" "$tmp/r-$1.log"
}

has_given_up()		# NODE: on all ways, and has said so
{
	grep -q 'the router does not map a port over IPv4' "$tmp/$1/log"
}

nat_site g linux
nat_lan g2 g

claim "a UPnP router without leases: permanent, and deleted after down"
habit g permanent
only g upnp
start g
wait_for 5 "g has a port map" is_mapped_by g UPnP
equal "its address and lifetime" "$(port_map g external) $(port_map g lifetime_s)" \
	"45.0.0.77:$(port g) 0"
was_asked g AddPortMapping "$(port g)" 3600 || fail "no lease was asked for"
p2p g down >/dev/null
was_asked g DeletePortMapping "$(port g)" None || fail "it was not deleted"
unhabit

claim "all four ports taken, IGD 2: the one that it chooses"
habit g any
start g
wait_for 5 "g has a port map" is_mapped_by g UPnP
equal "its address" "$(port_map g external)" "45.0.0.77:55555"
equal "ports that were tried" "$(grep -c '^AddPortMapping' "$tmp/r-g.log")" 4
p2p g down >/dev/null
was_asked g DeletePortMapping 55555 None || fail "it was not deleted"
unhabit

sniff g eth0 "$tmp/elsewhere.pcap" "tcp and host 192.168.1.101"
for kind_of in refuses located controlled junk deep; do
	claim "a UPnP router that is of the kind '$kind_of': no port map, and no harm"
	habit g "$kind_of" 192.168.1.101
	: >"$tmp/g/log"
	start g
	wait_for 15 "it has been given up" has_given_up g
	equal "the port map" "$(p2p g status --json | jq -r .self.port_map)" null
	p2p g down >/dev/null
	unhabit
done
kill -INT "$sniffer"
wait "$sniffer" || true
equal "packets to the host that they named" \
	"$(tcpdump -n -r "$tmp/elsewhere.pcap" 2>/dev/null | wc -l)" 0

# -- two NATs ----------------------------------------------------------------

claim "a router that is behind a NAT itself: said so, and no more than that"
nat_site c cgnat
ip netns exec "$(ns r-c)" "$here/nat/natpmp_router.py" 192.168.1.1 "$(nat_public c)" \
	>"$tmp/r-c.log" 2>&1 &
pids+=("$!")
only c "${all[@]}"
start c
wait_for 10 "c has a port map" is_mapped_by c NAT-PMP
equal "its address" "$(port_map c external)" "$(nat_public c):$(port c)"
equal "is it public" "$(port_map c public)" false
contains "c's status" "$(p2p c status)" "behind another NAT"
equal "in the log, once" "$(grep -c 'the router is behind another NAT' "$tmp/c/log")" 1

# -- a router that means no good ---------------------------------------------

rss()			# NODE: kB
{
	awk '/^VmRSS/ { print $2 }' "/proc/${pid_of[$1]}/status"
}

is_flooded()
{
	grep -q '^sent' "$tmp/r-f.log"
}

claim "100000 answers of a hostile gateway, under AddressSanitizer: nothing breaks"
[ -x "$P2PNET_ASAN" ] || fail "$P2PNET_ASAN is not there"
nat_site f linux
ip netns exec "$(ns r-f)" "$here/nat/hostile_router.py" 192.168.1.1 100000 "${SEED:-1}" \
	>"$tmp/r-f.log" 2>&1 &
pids+=("$!")
wait_for 5 "it listens" grep -q ready "$tmp/r-f.log"
only f "${all[@]}"
# shellcheck disable=SC2034	# start uses it
program[f]=$P2PNET_ASAN
peer s1 f
peer f s1 "Endpoint = $(endpoint4 s1)"
p2p s1 reload >/dev/null
start f
reaches f "$(inner4 s1)"
before=$(rss f)
pings_start f "$(inner4 s1)" 100 0.1
wait_for 60 "the flood is over" is_flooded
pings_finish f 1
note "$(grep '^sent' "$tmp/r-f.log"), seed ${SEED:-1}; counted:" \
	"$(p2p f status --json | jq -c '.self.counters | with_entries(select(.key | test("portmap")))')"
note "memory grew by $(($(rss f) - before)) kB; $(wc -l <"$tmp/f/log") lines in the log"
at_most "lines in the log" "$(wc -l <"$tmp/f/log")" 20
at_least "answers that were refused" "$(counter f portmap_malformed)" 10000
p2p f down >/dev/null
wait "${pid_of[f]}" || fail "f ended with $?: $(tail "$tmp/f/log")"
finish
