#!/bin/bash
# rendezvous.sh -- nodes that know each other's public keys and where a rendezvous is: direct.
#
#	s1   p2pnet rendezvous, as a user without rights; s2 another, that demands a psk
#	anna --port-restricted---.
#	bert --carrier-----------+-- core -- s1, s2
#	cora --cgnat-------------+
#	dora --full-cone---------+
#	emil --symmetric---------'   asks what NAT that is, and is no node
#
# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"

port=4901
nodes=(anna bert cora dora)

# rendezvous NAME [OPTION...]: starts one there; its public key is in $tmp/NAME/public.
rendezvous()
{
	local name=$1

	shift
	if [ ! -e "$tmp/$name/private" ]; then
		"$P2PNET" genkey >"$tmp/$name/private"
		"$P2PNET" pubkey <"$tmp/$name/private" >"$tmp/$name/public"
		chown nobody "$tmp/$name" "$tmp/$name/private"
	fi
	rm -f "$tmp/$name/out"		# of the one that ran before
	ip netns exec "$(ns "$name")" setpriv --reuid=nobody --regid=nogroup --clear-groups \
		--no-new-privs --bounding-set=-all "$tmp/p2pnet" rendezvous \
		--key "$tmp/$name/private" "$@" -v >"$tmp/$name/out" 2>"$tmp/$name/log" &
	# shellcheck disable=SC2004	# pid_of has names
	pid_of[$name]=$!
	pids+=("$!")
	wait_for 5 "the rendezvous at $name is ready" grep -q "^public_key" "$tmp/$name/out"
}

# knows NAME SERVER [LINE...]: NAME uses the rendezvous there.
knows()
{
	local name=$1 server=$2

	shift 2
	{
		printf '\n[Rendezvous %s]\nURL = udp://%s:%s\nPublicKey = %s\n' \
			"$server" "$(outer4 "$server")" "$port" "$(cat "$tmp/$server/public")"
		if [ "$#" -gt 0 ]; then
			printf '%s\n' "$@"
		fi
	} >>"$(conf "$name")"
}

have_come()		# SERVER COUNT: clients
{
	[ "$(grep -c 'has come' "$tmp/$1/log")" -ge "$2" ]
}

# rendezvous_is NAME SERVER STATE
rendezvous_is()
{
	[ "$(p2p "$1" status --json | jq -r --arg name "$2" \
		'.rendezvous[] | select(.name == $name).state')" = "$3" ]
}

is_direct()		# NAME OTHER
{
	[ "$(p2p "$1" status --json | jq -r --arg other "$2" \
		'.peers[] | select(.name == $other).state')" = direct ]
}

meet()			# NAME OTHER
{
	reaches "$1" "$(inner4 "$2")"
	wait_for 5 "$1 is direct to $2" is_direct "$1" "$2"
	wait_for 5 "$2 is direct to $1" is_direct "$2" "$1"
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

install -m 755 "$P2PNET" "$tmp/p2pnet"	# where nobody can run it
nat_internet
nat_site anna port-restricted
nat_site bert carrier
nat_site cora cgnat
nat_site dora full-cone
nat_site emil symmetric

wire=$tmp/wire.pcap
sniff s1 eth0 "$wire"
wire_sniffer=$sniffer

claim "a rendezvous runs as a user without rights, and says what clients need"
rendezvous s1
contains "what it prints" "$(cat "$tmp/s1/out")" "public_key = $(cat "$tmp/s1/public")"
equal "its uid" "$(stat -c %U "/proc/${pid_of[s1]}")" nobody
equal "its capabilities" "$(awk '/^Cap(Prm|Eff|Bnd)/ { print $2 }' "/proc/${pid_of[s1]}/status" | sort -u)" \
	0000000000000000

claim "four nodes behind NATs register there"
for one in "${nodes[@]}"; do
	node "$one" p2pnet "Lan = no"
	knows "$one" s1
done
node emil p2pnet
knows emil s1
peer anna bert
peer bert anna
peer cora dora
peer dora cora
peer anna cora
peer cora anna
start "${nodes[@]}"
for one in "${nodes[@]}"; do
	wait_for 10 "$one has registered" rendezvous_is "$one" s1 ok
done
contains "the head of the status" "$(p2p anna status | head -1)" "rendezvous: s1 ok"
contains "explain" "$(p2p anna explain bert)" "s1"
equal "peers in the status" "$(p2p anna status --json | jq '.peers | length')" 2

nat_of()		# NAME: in the words of netcheck
{
	in_ns "$1" "$P2PNET" netcheck --json -c "$(conf "$1")" 2>/dev/null | jq -r .ipv4.nat
}

# That two ports of one address see the same does not say what another address would see.
claim "the two ports of one rendezvous are enough to tell a symmetric NAT"
equal "the NAT of emil" "$(nat_of emil)" hard
different "the NAT of anna" "$(nat_of anna)" hard

claim "two that know nothing else of each other are direct"
meet anna bert

claim "the rendezvous is killed; their tunnel loses nothing"
ip netns exec "$(ns anna)" ping -n -q -c 100 -i 0.1 "$(inner4 bert)" >"$tmp/ping" 2>&1 &
ping=$!
pids+=("$ping")
kill -KILL "${pid_of[s1]}"
wait "${pid_of[s1]}" || true
wait "$ping" || true
contains ping "$(cat "$tmp/ping")" "100 packets transmitted, 100 received"

claim "it is started again: those whom it has forgotten come back"
rendezvous s1
restarted=$(now_ms)
wait_for 90 "all have come back" have_come s1 4
note "all came back after $(($(now_ms) - restarted)) ms"
claim "and meet there"
meet cora dora
claim "so do two of which one was direct to another all the time"
meet anna cora

claim "a name that is not known and a rendezvous that does not answer harm nobody"
printf '\n[Rendezvous gone]\nURL = udp://no.such.name.invalid:1\nPublicKey = %s\n' \
	"$(cat "$tmp/s1/public")" >>"$(conf anna)"
rendezvous s2
knows anna s2
kill -TERM "${pid_of[s2]}"
wait "${pid_of[s2]}"
p2p anna reload
wait_for 40 "the name is reported" rendezvous_is anna gone no_address
wait_for 5 "s2 is called" rendezvous_is anna s2 connecting
rendezvous_is anna s1 ok || fail "s1 is not ok any more"
pings anna "$(inner4 bert)" 20 0.05

claim "with a psk: who has it is in, who has not gets no seat"
"$P2PNET" genpsk >"$tmp/s2/psk"
chown nobody "$tmp/s2/psk"
rendezvous s2 --psk "$tmp/s2/psk"
knows bert s2 "PresharedKey = $(cat "$tmp/s2/psk")"
knows dora s2
p2p bert reload
p2p dora reload
wait_for 15 "bert is in" rendezvous_is bert s2 ok
claim_end=$(($(now_ms) + 8000))
until [ "$(now_ms)" -gt "$claim_end" ]; do
	rendezvous_is dora s2 ok && fail "dora is in without the psk"
	read -rt 0.5 <> <(:) || true
done
equal "clients of s2" "$(grep -c 'has come' "$tmp/s2/log")" 1
contains "the one" "$(cat "$tmp/s2/log")" "a client at $(nat_public bert):"

claim "on the wire of the rendezvous is nobody's key, name or inner address"
kill -INT "$wire_sniffer"
wait "$wire_sniffer" || true
at_least "datagrams at s1" "$(tcpdump -n -r "$wire" "udp port $port" 2>/dev/null | wc -l)" 50
for one in "${nodes[@]}"; do
	for secret in "$(public_key "$one" | base64 -d | hex)" "$(public_key "$one" | tr -d '\n' | hex)" \
		"$(printf %s "$one" | hex)" "$(printf %s "$(inner4 "$one")" | hex)"; do
		if in_file "$wire" "$secret"; then
			fail "$secret of $one in clear"
		fi
	done
done
finish
