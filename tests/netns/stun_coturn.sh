#!/bin/bash
# stun_coturn.sh -- our STUN client against coturn's server, and coturn's clients against ours.
#
#	s1   coturn on 192.0.2.1 and .2, ports 3478 and 3479 (RFC 5780), IPv6 too
#	s2   a p2pnet node, whose listen port answers STUN; it introduces the others
#	none1 full1 addr1 ...     a home behind each kind of NAT: p2pnet netcheck
#	port1, port2              two nodes that s2 introduces, and that meet, with STUN checks
#
# What each kind of NAT is, nat/nat_kinds.sh has shown with datagrams of its own.
# shellcheck source=nat/nat_lib.sh disable=SC2034,SC2154	# lib.sh reads and sets them
. "$(dirname "$0")/nat/nat_lib.sh"

command -v turnserver >/dev/null || skip "needs turnserver (Debian: coturn)"

server4=192.0.2.1
server6=2001:db8:1::1

# -- coturn ------------------------------------------------------------------

start_coturn()
{
	ip netns exec "$(ns s1)" turnserver -n --stun-only --no-cli --no-tls --no-dtls \
		-L 192.0.2.1 -L 192.0.2.2 -L 2001:db8:1::1 -L 2001:db8:1::2 \
		-p 3478 --alt-listening-port 3479 --pidfile "$tmp/coturn.pid" -l stdout \
		>"$tmp/coturn" 2>&1 </dev/null &
	pids+=("$!")
	wait_for 5 "coturn listens" listens_udp s1 "$server4:3478"
	wait_for 5 "coturn listens, IPv6" listens_udp s1 "[$server6]:3478"
}

# What is on its way is written, then the capture ends.
capture_end()
{
	capture=$core
	capture_pid=$sniffer
	capture_stop
}

# -- netcheck ----------------------------------------------------------------

# ask HOST ARGUMENT...: in the background, as silence takes its time.
declare -A asking
ask()
{
	local name=$1

	shift
	ip netns exec "$(ns "$name")" "$P2PNET" netcheck --json "$@" >"$tmp/$name/netcheck" &
	asking[$name]=$!
	pids+=("$!")
}

# answered HOST: its report is in $report, its exit code in $code.
answered()
{
	code=0
	wait "${asking[$1]}" || code=$?
	report=$(cat "$tmp/$1/netcheck")
}

# finds FAMILY MAPPING PORTS FILTERING HAIRPIN
finds()
{
	equal "$1" "$(jq -r ".$1 | \"mapping=\(.mapping) ports=\(.ports)\" +
		\" filtering=\(.filtering) hairpin=\(.hairpin)\"" <<<"$report")" \
		"mapping=$2 ports=$3 filtering=$4 hairpin=$5"
}

# behaves HOST MAPPING PORTS FILTERING HAIRPIN
behaves()
{
	answered "$1"
	equal "exit code" "$code" 0
	finds ipv4 "${@:2}"
}

nat_internet
start_coturn
nat_site none1 none
nat_site full1 full-cone
nat_site addr1 address-restricted
nat_site port1 port-restricted
nat_site carr1 carrier
nat_site cgn1 cgnat
nat_site linux1 linux
nat_site sym1 symmetric
nat_site seq1 sequential
nat_site dual1 dual
nat_site block1 udp-blocked
core=$tmp/core.pcap
sniff core any "$core" udp
for host in full1 addr1 port1 carr1 cgn1 linux1 sym1 seq1 block1; do
	ask "$host" --stun "$server4"
done
for host in none1 dual1; do
	ask "$host" --stun "[$server6]" --stun "$server4"
done

claim "without a NAT: direct in both families, and anybody may call"
behaves none1 direct preserved independent unknown
finds ipv6 direct preserved independent unknown
equal "no carrier" "$(jq .cgnat <<<"$report")" false
equal "verdict" "$(jq -r .verdict <<<"$report")" "direct to every peer"
claim "full cone: the same port for all, anybody may call, hairpin"
behaves full1 independent preserved independent yes
claim "address-restricted: the same port for all, whom it called may call, hairpin"
behaves addr1 independent preserved address yes
claim "port-restricted: the same port for all, only the port that it called may answer"
behaves port1 independent preserved port no
claim "carrier: the same, with another port, and hairpin"
behaves carr1 independent changed port yes
claim "a home behind a carrier looks like the carrier"
behaves cgn1 independent changed port yes
equal "the carrier, whose outer address is public" "$(jq .cgnat <<<"$report")" null
claim "plain masquerade: as port-restricted"
behaves linux1 independent preserved port no
claim "symmetric: a new random port for each destination"
behaves sym1 port random port no
claim "sequential: the next port for each destination"
behaves seq1 port sequential port no
equal "step" "$(jq .ipv4.port_step <<<"$report")" 1
claim "an IPv6 firewall: no NAT, but only answers come in"
behaves dual1 independent preserved port no
finds ipv6 direct preserved port unknown

claim "UDP blocked: it says so, and exits with 1"
answered block1
equal "exit code" "$code" 1
equal "UDP" "$(jq .udp <<<"$report")" false
equal "why" "$(jq -r '.servers[0].ipv4.why' <<<"$report")" "no answer"

claim "the servers of the config are asked, though this user may not read its key"
node port1 p2pnet
sed "s|^PrivateKey = .*|private_key_file = $tmp/port1/private|" "$(conf port1)" >"$tmp/port1/open.conf"
printf '[nat]\nstun = %s, %s\n' "$server4" "192.0.2.17:$(port s2)" >>"$tmp/port1/open.conf"
chmod 644 "$tmp/port1/open.conf"
report=$(in_ns port1 setpriv --reuid 65534 --regid 65534 --clear-groups \
	"$P2PNET" netcheck --json -q -c "$tmp/port1/open.conf")
finds ipv4 independent preserved port no
equal "who is not there" "$(jq -r '.servers[1].ipv4.why' <<<"$report")" "no answer"

# -- our responder -----------------------------------------------------------

claim "a node's listen port answers coturn's STUN client"
nat_site port2 port-restricted
for host in s2 port2; do
	node "$host" p2pnet
done
for host in port1 port2; do
	peer s2 "$host"
	peer "$host" s2 "Endpoint = $(endpoint4 s2)"
done
peer port1 port2
peer port2 port1
start s2
said=$(in_ns port1 turnutils_stunclient -p "$(port s2)" "$(outer4 s2)" 2>&1) || true
contains "it sees the router" "$said" "UDP reflexive addr: $(nat_public port1):"
claim "and its NAT discovery: one address, so no more than that, and no error"
said=$(in_ns port1 turnutils_natdiscovery -m -f -p "$(port s2)" "$(outer4 s2)" 2>&1) || true
equal "it sees the router" "$(grep -c "UDP reflexive addr: $(nat_public port1):" <<<"$said")" 3
contains "it asks about filtering" "$said" "Filtering Behavior"
claim "netcheck takes a node for a server"
report=$(in_ns sym1 "$P2PNET" netcheck --json --stun "$server4" --stun "$(endpoint4 s2)")
finds ipv4 port random port no

# -- nodes that meet ---------------------------------------------------------

claim "two nodes behind NATs meet"
start port1 port2
reaches port1 "$(inner4 port2)"

# stun_lines PCAP: frame, message type, username, fingerprint's status, malformed; one a line
stun_lines()
{
	tshark -n -r "$1" -Y stun -T fields -e frame.number -e stun.type -e stun.att.username \
		-e stun.att.crc32.status -e _ws.malformed 2>/dev/null
}

knows_its_nat()		# NAME WORD
{
	[ "$(p2p "$1" status --json | jq -r .self.nat)" = "$2" ]
}

claim "one introducer with two ports is enough to know an easy NAT"
wait_for 5 "port1 knows" knows_its_nat port1 easy
wait_for 5 "port2 knows" knows_its_nat port2 easy
contains "status" "$(p2p port1 status)" "NAT: easy"
claim "and a hard one; so is a server with two ports, without any introducer"
for host in seq1 sym1; do
	node "$host" p2pnet
done
peer s2 seq1
peer seq1 s2 "Endpoint = $(endpoint4 s2)"
peer seq1 port2
peer sym1 port2
printf '[nat]\nstun = %s\n' "$server4" >>"$(conf sym1)"
p2p s2 reload
start seq1 sym1
for host in seq1 sym1; do
	knows_its_nat "$host" unknown || fail "$host has looked for nobody, and knows its NAT"
	in_ns "$host" ping -n -q -c 1 -W 1 "$(inner4 port2)" >/dev/null || true
	wait_for 5 "$host knows" knows_its_nat "$host" hard
done

claim "such a node alone shows netcheck a hard NAT, and a strict filter"
report=$(in_ns sym1 "$P2PNET" netcheck --json --stun "$(endpoint4 s2)")
finds ipv4 port random port no
report=$(in_ns port1 "$P2PNET" netcheck --json --stun "$(endpoint4 s2)")
finds ipv4 unknown preserved port no

claim "tshark takes all of it for STUN, well-formed, each fingerprint right"
capture_end
verdict=$(stun_lines "$core" | awk -F '\t' '
	function bad(why) { print "frame " $1 ": " why; wrong++ }
	$5 != ""			{ bad("malformed") }
	$4 != "" && $4 != 1		{ bad("fingerprint " $4) }
	$3 != "" && $4 == ""		{ bad("a check without fingerprint") }
	$3 != ""			{ checks++ }
					{ all++ }
	END { print all + 0, checks + 0, wrong + 0 }')
note "${verdict##*$'\n'} STUN messages (all, ICE checks, wrong)"
read -r all checks wrong <<<"${verdict##*$'\n'}"
[ "$wrong" -eq 0 ] || fail "$(head -n 3 <<<"$verdict" | paste -sd ';')"
at_least "messages" "$all" 200
at_least "checks" "$checks" 4
finish
