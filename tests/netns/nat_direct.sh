#!/bin/bash
# nat_direct.sh -- who cannot be called is found all the same, and directly.
#
#	s1   public; introduces the others, and carries nothing of theirs
#	none1 none2 full1 full2 ... sym1      each behind a NAT of that kind; they know
#	                                      where s1 is, and each other's public key
#	one1 one2 --- a router without a wire      and nobody that introduces
#
# All of nat/matrix.sh with one run a pair would take minutes; here is a pair of each kind
# for which theory promises a direct path, all in one mesh.
# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"

declare -A short=([none]=none [full-cone]=full [address-restricted]=addr
	[port-restricted]=port [carrier]=carr [cgnat]=cgn [symmetric]=sym)
kinds=(none full-cone address-restricted port-restricted carrier cgnat)
mesh=(sym1)
pairs=(sym1-none1 sym1-full1 sym1-addr1)
slowest=0
payload="p2pnet-in-clear!"	# 16 bytes, which is what ping repeats

# -- asking ------------------------------------------------------------------

# remote_of NAME OTHER: the outer address that a direct path goes to, or nothing.
remote_of()
{
	p2p "$1" status --json | jq -r --arg other "$2" '.peers[] |
		select(.name == $other and .state == "direct") |
		.path.remote | sub(":[0-9]+$"; "") | gsub("[\\[\\]]"; "")'
}

# is_direct NAME OTHER: to an address of OTHER's own, or of a router in front of it.
is_direct()
{
	local remote own="$2"

	remote=$(remote_of "$1" "$2")
	if [ -n "${site_upstream[$2]-}" ] && [ "${site_upstream[$2]}" != core ]; then
		own=${site_upstream[$2]}
	fi
	case $remote in
	"") return 1 ;;
	"$(outer4 "$2")" | "$(outer6 "$2")" | "$(nat_public "$own")") return 0 ;;
	esac
	return 1
}

become_direct()		# NAME OTHER
{
	reaches "$1" "$(inner4 "$2")"
	wait_for 5 "$1 is direct to $2" is_direct "$1" "$2"
	wait_for 5 "$2 is direct to $1" is_direct "$2" "$1"
	took=$(($(now_ms) - claim_start))
	slowest=$((took > slowest ? took : slowest))
}

# in_file FILE HEX: are these bytes anywhere in it?
in_file()
{
	python3 -c 'import sys; sys.exit(bytes.fromhex(sys.argv[2]) not in open(sys.argv[1], "rb").read())' \
		"$1" "$2"
}

hex()
{
	od -An -v -tx1 | tr -d ' \n'
}

# -- the mesh ----------------------------------------------------------------

nat_internet
nat_site sym1 symmetric
for one in "${kinds[@]}"; do
	nat_site "${short[$one]}1" "$one"
	nat_site "${short[$one]}2" "$one"
	mesh+=("${short[$one]}1" "${short[$one]}2")
	for other in "${kinds[@]}"; do
		if [[ ! $one > $other ]]; then
			pairs+=("${short[$one]}1-${short[$other]}2")
		fi
	done
done

introduced_by s1 "${mesh[@]}"
core=$tmp/core.pcap
sniff core any "$core"
core_sniffer=$sniffer

claim "${#mesh[@]} nodes that nobody can call, and one that introduces them, are up"
start s1 "${mesh[@]}"
for one in "${mesh[@]}"; do
	wait_for 10 "$one knows s1" has_session "$one" s1
done

for pair in "${pairs[@]}"; do
	claim "${pair/-/, }: direct"
	become_direct "${pair%-*}" "${pair#*-}"
done
note "${#pairs[@]} pairs; the slowest was direct after $slowest ms"

claim "what they say to each other does not pass the introducer"
carried=$(in_ns s1 cat /sys/class/net/eth0/statistics/rx_packets)
pings port1 "$(inner4 cgn2)" 500 0.005
carried=$(($(in_ns s1 cat /sys/class/net/eth0/statistics/rx_packets) - carried))
note "the introducer got $carried packets while 500 were pinged"
at_most "packets at the introducer" "$carried" 100

# -- routers that reboot -----------------------------------------------------

# outage NAME: the longest time, in ms, between two answers of its ping -D.
outage()
{
	sed -nE 's/^\[([0-9]+)\.([0-9]{3}).* bytes from .*/\1\2/p' "$tmp/$1/ping" |
		awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { print most + 0 }'
}

answers()		# NAME
{
	grep -c 'bytes from' "$tmp/$1/ping" || true
}

more_answers_than()	# NAME COUNT
{
	[ "$(answers "$1")" -gt "$2" ]
}

# reboots VERB NAME OTHER: within 60 s their ping is answered again.
reboots()
{
	local verb=$1 name=$2 other=$3 ping count

	ip netns exec "$(ns "$name")" ping -D -n -i 0.1 "$(inner4 "$other")" >"$tmp/$name/ping" 2>&1 &
	ping=$!
	pids+=("$ping")
	wait_for 5 "the ping runs" more_answers_than "$name" 3
	"$verb" "$name"
	count=$(answers "$name")
	wait_for 60 "$name pings $other again" more_answers_than "$name" $((count + 10))
	kill -INT "$ping"
	wait "$ping" || true
	note "$verb, ${site_kind[$name]}: no answer for $(outage "$name") ms"
	wait_for 10 "$name is direct to $other" is_direct "$name" "$other"
}

claim "a router forgets all it knew under a ping; it goes on"
reboots nat_forget port1 port2
claim "one with random ports does; it goes on"
reboots nat_forget carr1 carr2
claim "a router comes back with another address; it goes on"
reboots nat_flush port1 port2
claim "so does a home router behind a carrier"
reboots nat_flush cgn1 cgn2

claim "the introducer is killed; for 12 s, all that are direct lose nothing"
crash s1
asked=()
for pair in "${pairs[@]}"; do
	ip netns exec "$(ns "${pair%-*}")" ping -n -q -c 60 -i 0.2 "$(inner4 "${pair#*-}")" \
		>"$tmp/$pair" 2>&1 &
	asked+=("$!")
done
pids+=("${asked[@]}")
wait "${asked[@]}" || true
for pair in "${pairs[@]}"; do
	contains "$pair" "$(cat "$tmp/$pair")" "60 packets transmitted, 60 received"
done

# -- what the core has seen --------------------------------------------------

claim "and whoever listened in the core has no word of it, and nobody's key"
inside=$tmp/inside.pcap
sniff port2 p2p0 "$inside"
in_ns port1 ping -n -q -c 3 -i 0.05 -p "$(printf %s "$payload" | hex)" "$(inner4 port2)" >/dev/null
sleep 0.2	# the last is written
kill -INT "$sniffer" "$core_sniffer"
wait "$sniffer" "$core_sniffer" || true
in_file "$inside" "$(printf %s "$payload" | hex)" || fail "it is not even inside"
at_least "datagrams in the core" "$(tcpdump -n -r "$core" udp 2>/dev/null | wc -l)" 5000
if in_file "$core" "$(printf %s "$payload" | hex)"; then
	fail "the payload in clear"
fi
for one in s1 "${mesh[@]}"; do
	if in_file "$core" "$(public_key "$one" | base64 -d | hex)" ||
		in_file "$core" "$(public_key "$one" | tr -d '\n' | hex)"; then
		fail "the public key of $one in clear"
	fi
done

# -- no internet -------------------------------------------------------------

claim "two on one LAN, no internet, nobody to introduce them: direct"
nat_site one1 linux
nat_lan one2 one1
in_ns r-one1 ip link set wan down
node one1 p2pnet
node one2 p2pnet
peer one1 one2
peer one2 one1
start one1 one2
reaches one1 "$(inner4 one2)"
contains "one1's path, IPv4 or link-local" "$(endpoint_of one1 one2)" ":$(port one2)"
contains "one2's path" "$(endpoint_of one2 one1)" ":$(port one1)"
claim "and not if they are told not to look there"
stop one1
stop one2
forget_peers one1
forget_peers one2
sed -i '/^ListenPort/a Lan = no' "$(conf one1)" "$(conf one2)"
start one1 one2
contains "ping" "$(in_ns one1 ping -n -q -c 2 -W 1 "$(inner4 one2)")" "2 packets transmitted, 0 received"
equal "one1's path" "$(endpoint_of one1 one2)" "(none)"
finish
