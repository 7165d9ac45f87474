#!/bin/bash
# relay_peer.sh -- two behind symmetric NATs talk through a relay of their own.
#
#	anna --symmetric--.
#	bert --symmetric--+-- core -- rita  relay = yes, and not when the rendezvous is tried
#	dora --full-cone--'        `- s1    p2pnet rendezvous --relay --psk
#
# anna and dora are direct, for the figures.
#
# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"

seconds=${SECONDS_EACH:-4}
pattern=706c61696e746578742d6e6f742d6865	# "plaintext-not-he"

# way NAME OTHER FIELD: of the path between them
way()
{
	p2p "$1" status --json | jq -r --arg other "$2" ".peers[] | select(.name == \$other)$3"
}

is_relayed()		# NAME OTHER RELAY
{
	[ "$(way "$1" "$2" .state)" = relay ] && [ "$(way "$1" "$2" .path.relay)" = "$3" ]
}

is_direct()		# NAME OTHER
{
	[ "$(way "$1" "$2" .state)" = direct ]
}

relays_for()		# NAME COUNT: a relay has told so
{
	[ "$(p2p "$1" events --json | grep -c '"relay_up"')" -ge "$2" ]
}

cpu_ticks()		# PID: in hundredths of a second, all threads
{
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

# measure WHAT PID CLIENT SERVER: iperf3 through it; the CPU that PID takes is in $cpu.
measure()
{
	local before after started

	started=$(now_ms)
	before=$(cpu_ticks "$2")
	iperf "$3" "$4" "$(inner4 "$4")" -t "$seconds"
	after=$(cpu_ticks "$2")
	cpu=$(((after - before) * 1000 / ($(now_ms) - started)))
	note "$1: $mbits Mbit/s, the relay takes $cpu % of a core"
}

ratio()
{
	awk "BEGIN { printf \"%.2f\", $1 / $2 }"
}

# in_file FILE HEX: are these bytes anywhere in it?
in_file()
{
	python3 -c 'import sys; sys.exit(bytes.fromhex(sys.argv[2]) not in open(sys.argv[1], "rb").read())' \
		"$1" "$2"
}

# What the relay's wire shows: nothing of what was said, and no fragment.
nothing_in_clear()	# WHERE
{
	local wire=$tmp/$1.wire

	sniff "$1" eth0 "$wire" udp
	pings anna "$(inner4 bert)" 20 0.02
	in_ns anna ping -n -q -c 20 -i 0.02 -p "$pattern" -s 500 "$(inner4 bert)" >/dev/null
	in_ns anna ping -n -q -c 5 -i 0.02 -M "do" -s 1372 "$(inner4 bert)" >/dev/null ||
		fail "1400 bytes do not get through"
	kill -INT "$sniffer"
	wait "$sniffer" || true
	at_least "datagrams at $1" "$(tcpdump -n -r "$wire" 2>/dev/null | wc -l)" 100
	if in_file "$wire" "$pattern"; then
		fail "plaintext on the wire"
	fi
	equal "fragments" "$(tcpdump -n -r "$wire" 'ip[6:2] & 0x3fff != 0' 2>/dev/null | wc -l)" 0
}

nat_internet
nat_site anna symmetric
nat_site bert symmetric
nat_site dora full-cone
nat_site rita none

introduced_by rita anna bert dora
cat >>"$(conf rita)" <<-'END'
	[Nat]
	Relay = yes
	RelayRate = unlimited
END

claim "two behind symmetric NATs reach each other through a peer within 3 s"
start rita anna bert dora
wait_for 10 "anna has a relay" relays_for anna 1
wait_for 10 "bert has a relay" relays_for bert 1
asked=$(now_ms)
reaches anna "$(inner4 bert)"
took=$(($(now_ms) - asked))
note "the first answer came after $took ms"
at_most "ms" "$took" 3000
wait_for 5 "anna goes through rita" is_relayed anna bert rita
wait_for 5 "bert goes through rita" is_relayed bert anna rita
contains "status" "$(p2p anna status)" "through rita (udp4)"
contains "explain" "$(p2p anna explain bert)" "rita"

claim "nothing is lost"
pings anna "$(inner4 bert)" 200 0.02

claim "the relay sees no plaintext, and 1400 bytes need no fragments"
nothing_in_clear rita
at_least "packets that rita counts" \
	"$(p2p rita status --json | jq .relaying.counters.frames)" 400
contains "rita's status" "$(p2p rita status)" "anna to bert"

claim "how fast it is"
reaches anna "$(inner4 dora)"
wait_for 10 "anna is direct to dora" is_direct anna dora
measure "direct" "${pid_of[rita]}" anna dora
direct=$mbits
measure "through a peer" "${pid_of[rita]}" anna bert
note "ratio to direct: $(ratio "$mbits" "$direct")"
at_least "Mbit/s" "$mbits" 30

claim "the relay is told to stop: its peers know at once, and there is no way"
sed -i 's/^Relay = yes/Relay = no/' "$(conf rita)"
p2p rita reload
is_not_relayed()
{
	! is_relayed anna bert rita
}
wait_for 10 "anna leaves rita" is_not_relayed

claim "a rendezvous takes its place, with a psk"
"$P2PNET" genkey >"$tmp/s1/private"
"$P2PNET" genpsk >"$tmp/s1/psk"
ip netns exec "$(ns s1)" "$P2PNET" rendezvous --key "$tmp/s1/private" --psk "$tmp/s1/psk" \
	--relay --relay-rate unlimited -v >"$tmp/s1/out" 2>"$tmp/s1/log" &
pid_of[s1]=$!
pids+=("$!")
wait_for 5 "the rendezvous is ready" grep -q "^public_key" "$tmp/s1/out"
for one in anna bert; do
	printf '\n[Rendezvous town]\nURL = udp://%s:4901\nPublicKey = %s\nPresharedKey = %s\n' \
		"$(outer4 s1)" "$("$P2PNET" pubkey <"$tmp/s1/private")" "$(cat "$tmp/s1/psk")" \
		>>"$(conf "$one")"
	p2p "$one" reload
done
wait_for 10 "anna has a relay" relays_for anna 2
wait_for 10 "bert has a relay" relays_for bert 2
reaches anna "$(inner4 bert)"
wait_for 5 "anna goes through it" is_relayed anna bert town
wait_for 5 "bert goes through it" is_relayed bert anna town
pings anna "$(inner4 bert)" 200 0.02
nothing_in_clear s1
measure "through a rendezvous" "${pid_of[s1]}" anna bert
note "ratio to direct: $(ratio "$mbits" "$direct")"
at_least "Mbit/s" "$mbits" 30
finish
