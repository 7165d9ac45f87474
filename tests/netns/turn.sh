#!/bin/bash
# turn.sh -- two ICE agents that only a TURN server can bring together: Debian's coturn.
#
#	a --[ symmetric NAT ]---.
#	                        +--- core --- s1: turnserver 192.0.2.1:3478, [2001:db8:1::1]:3478
#	b --[ symmetric NAT ]---'
#
#	aioice is on s2, a public host
#	strict: a and b may send UDP to port 3478 and nowhere else: both need a relay
#
# Everything a server may answer is in tests/turn; here it is a server that is not ours. The
# long claim wants a build with short timers, as coturn's lifetimes are shortened for it.
# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"

declare -A ice_pid input
server4=192.0.2.1
server6=2001:db8:1::1

# -- the server ----------------------------------------------------------------

turn_listens()		# ADDRESS
{
	in_ns s1 ss -Hlun | grep -qF -e " $1:3478 " -e " [$1]:3478 "
}

# turn_start ARGUMENT...: user alice, password secret, unless the arguments say another way.
turn_start()
{
	rm -f "$tmp/turn.log"
	ip netns exec "$(ns s1)" turnserver -n -v --no-cli --no-tls --no-dtls --no-tcp \
		--listening-ip="${server:-$server4}" --relay-ip="${server:-$server4}" \
		--realm=example.org --userdb="$tmp/turndb" --pidfile="$tmp/turn.pid" \
		--log-file="$tmp/turn.log" --simple-log "$@" >"$tmp/turn.out" 2>&1 </dev/null &
	turn_pid=$!
	wait_for 10 "turnserver listens" turn_listens "${server:-$server4}"
}

turn_stop()
{
	kill -KILL "$turn_pid"
	wait "$turn_pid" 2>/dev/null || true
}

in_turn_log()		# PATTERN: how many lines
{
	grep -cE "$1" "$tmp/turn.log" || true
}

# It frees them some time after they were given back.
all_given_back()
{
	[ "$(in_turn_log 'new, realm')" -eq "$(in_turn_log 'delete: realm')" ]
}

# -- the agents ----------------------------------------------------------------

# ice_start NAME ARGUMENT...: p2pnet ice there; what it says is in $tmp/NAME/out and log.
ice_start()
{
	local name=$1

	shift
	rm -f "$tmp/$name/in"
	mkfifo "$tmp/$name/in"
	become_ice "$name" "$@" <"$tmp/$name/in" >"$tmp/$name/out" 2>"$tmp/$name/log" &
	ice_pid[$name]=$!
	exec {fd}>"$tmp/$name/in"
	input[$name]=$fd
}

# Whoever holds another's input open keeps it from its end.
become_ice()
{
	local name=$1 fd

	shift
	for fd in "${input[@]}"; do
		exec {fd}>&-
	done
	exec ip netns exec "$(ns "$name")" "${ice_program:-$P2PNET}" ice "$@"
}

has_gathered()		# NAME
{
	wait_for 15 "$1 has gathered" grep -q '^a=end-of-candidates' "$tmp/$1/out"
}

# ice_join NAME OTHER: each is told what the other says.
ice_join()
{
	has_gathered "$1"
	has_gathered "$2"
	cat "$tmp/$2/out" >&"${input[$1]}"
	cat "$tmp/$1/out" >&"${input[$2]}"
}

close_input()		# NAME
{
	local fd=${input[$1]}

	exec {fd}>&-
	unset "input[$1]"
}

ends_with()		# NAME CODE
{
	local status=0

	wait "${ice_pid[$1]}" || status=$?
	equal "exit code of $1" "$status" "$2"
}

# ice_end NAME...: at the end of their input they exit with 0.
ice_end()
{
	local name

	for name in "$@"; do
		close_input "$name"
		ends_with "$name" 0
	done
}

said()			# NAME PATTERN
{
	grep -qE "$2" "$tmp/$1/log"
}

nominated()		# NAME PATTERN: of the pair
{
	wait_for 15 "$1 nominates $2" said "$1" "^nominated: pair [0-9]+ $2\$"
}

consents()		# NAME WORD: how often it was answered, or missed
{
	grep -cE "^consent: pair [0-9]+ $2\$" "$tmp/$1/log" || true
}

consents_at_least()	# NAME COUNT
{
	[ "$(consents "$1" answered)" -ge "$2" ]
}

# gathers NAME ARGUMENT...: without another side, until it has.
gathers()
{
	ice_start "$@"
	has_gathered "$1"
}

only_to_the_server()	# NAME
{
	in_ns "$1" nft -f - <<-END
		table inet strict {
			chain out {
				type filter hook output priority 0
				meta l4proto udp udp dport != 3478 drop
			}
			chain in {
				type filter hook input priority 0
				meta l4proto udp udp sport != 3478 drop
			}
		}
	END
}

# stun_trouble PCAP: what tshark has to say against any STUN or TURN message.
stun_trouble()
{
	tshark -n -r "$1" -d udp.port==3478,stun -Y '_ws.malformed || _ws.expert.severity >= 0x600000' \
		2>/dev/null | head -n 3
}

# -- the place -----------------------------------------------------------------

command -v turnserver >/dev/null || skip "no coturn here"
nat_internet
nat_site a symmetric
nat_site b symmetric
echo secret >"$tmp/password"
echo wrong >"$tmp/wrong"
turn=(--turn "$server4" --turn-user alice --turn-password-file "$tmp/password")

claim "a relay is all that is left between two symmetric NATs: it is found"
turn_start --lt-cred-mech --user=alice:secret
sniff core any "$tmp/core.pcap" udp port 3478
core_sniffer=$sniffer
ice_start a "${turn[@]}"
ice_start b --controlled "${turn[@]}"
ice_join a b
grep -qE "^a=candidate:[^ ]+ 1 UDP [0-9]+ $server4 [0-9]+ typ relay raddr $(nat_public a) rport [0-9]+\$" \
	"$tmp/a/out" || fail "a's relay candidate: $(cat "$tmp/a/out")"
nominated a '.*relay.*'
nominated b '.*relay.*'
note "$(sed -n 's/^nominated/a nominated/p' "$tmp/a/log")"
ice_end a b

claim "at the end both have given theirs back"
equal "refreshes with lifetime 0" "$(in_turn_log 'refreshed.*lifetime=0')" 2
turn_stop

claim "a user that may have one allocation gets it three times, also if it is left in a hurry"
turn_start --lt-cred-mech --user=alice:secret --user-quota=1
for _ in 1 2 3; do
	gathers a "${turn[@]}"
	grep -q 'typ relay' "$tmp/a/out" || fail "no relay: $(cat "$tmp/a/log")"
	ice_end a
	wait_for 10 "the server has it back" all_given_back
	in_ns a "$P2PNET" ice "${turn[@]}" </dev/null >/dev/null 2>&1
	wait_for 10 "the server has it back" all_given_back
done

claim "after a signal it is given back as well"
gathers a "${turn[@]}"
kill -TERM "${ice_pid[a]}"
ends_with a 143
close_input a
wait_for 10 "the server has it back" all_given_back

claim "another one meanwhile is told that there is none"
gathers a "${turn[@]}"
gathers b "${turn[@]}"
contains "what b says" "$(cat "$tmp/b/log")" \
	"no candidate: TURN server $server4: this user has as many allocations as it may have (486)"
ice_end a b

claim "a wrong password, and a wrong user, are said to be wrong"
gathers a --turn "$server4" --turn-user alice --turn-password-file "$tmp/wrong"
gathers b --turn "$server4" --turn-user nobody --turn-password-file "$tmp/password"
for name in a b; do
	contains "what $name says" "$(cat "$tmp/$name/log")" \
		"no candidate: TURN server $server4: it does not take the user name or the password"
done
ice_end a b
turn_stop

claim "a server that is not there gives no answer, and the other candidates are not kept back"
gathers a "${turn[@]}"
contains "what a says" "$(cat "$tmp/a/log")" "no candidate: TURN server $server4: no answer"
grep -q 'typ host' "$tmp/a/out" || fail "no host candidate"
ice_end a

claim "with a shared secret in place of a password"
turn_start --use-auth-secret --static-auth-secret=north
echo north >"$tmp/north"
gathers a --turn "$server4:3478" --turn-user laptop --turn-secret-file "$tmp/north"
grep -q 'typ relay' "$tmp/a/out" || fail "no relay: $(cat "$tmp/a/log")"
gathers b --turn "$server4:3478" --turn-user laptop --turn-secret-file "$tmp/wrong"
contains "what b says" "$(cat "$tmp/b/log")" "it does not take the user name or the password"
at_least "allocations of laptop" "$(in_turn_log 'new, .*username=<[0-9]+:laptop>')" 1
ice_end a b
turn_stop

claim "aioice on s2 is met by a relay of ours, in each combination of roles; echo works"
turn_start --lt-cred-mech --user=alice:secret
cat >"$tmp/ours" <<-END
	#!/bin/sh
	exec ip netns exec "$(ns a)" "$P2PNET" "\$@" --turn $server4 --turn-user alice \\
		--turn-password-file "$tmp/password"
END
chmod +x "$tmp/ours"
only_to_the_server a
in_ns s2 "$root/tests/ice/interop_aioice.py" "$tmp/ours" >"$tmp/aioice" 2>&1 ||
	fail "aioice: $(tail -n 5 "$tmp/aioice")"
equal "meetings by the relay" "$(grep -cE ": pair [0-9]+, $server4:[0-9]+ -> " "$tmp/aioice")" 5
equal "channels that were bound" "$(in_turn_log 'CHANNEL_BIND processed, success')" 5
turn_stop

claim "two that may talk to nobody but the server have a relay each"
only_to_the_server b
turn_start --lt-cred-mech --user=alice:secret
ice_start a "${turn[@]}"
ice_start b --controlled "${turn[@]}"
ice_join a b
relayed="relay $server4:[0-9]+ -> relay $server4:[0-9]+"
nominated a "$relayed"
nominated b "$relayed"
ice_end a b
turn_stop

claim "a server with an IPv6 address gives one"
server=$server6 turn_start --lt-cred-mech --user=alice:secret
gathers s2 --turn "[$server6]:3478" --turn-user alice --turn-password-file "$tmp/password"
grep -qE "^a=candidate:[^ ]+ 1 UDP [0-9]+ $server6 [0-9]+ typ relay raddr 2001:db8:2::" "$tmp/s2/out" ||
	fail "s2's relay candidate: $(cat "$tmp/s2/out")"
ice_end s2
wait_for 10 "the server has it back" all_given_back
turn_stop

claim "coturn sends us to another server, but does not sign that: it is not followed"
turn_start --lt-cred-mech --user=alice:secret --alternate-server=192.0.2.2:3478
gathers a "${turn[@]}"
contains "what a says" "$(cat "$tmp/a/log")" "it sends us to another server, unsigned"
ice_end a
turn_stop

claim "for 40 s and more: nonces of 10 s, permissions and channels of 30, refreshed after 20"
[ -x "$P2PNET_SHORT" ] || skip "no build with short timers"
ice_program=$P2PNET_SHORT
turn_start --lt-cred-mech --user=alice:secret --stale-nonce=10 \
	--permission-lifetime=30 --channel-lifetime=30
ice_start a "${turn[@]}"
ice_start b --controlled "${turn[@]}"
ice_join a b
nominated a "$relayed"
nominated b "$relayed"
wait_for 60 "a asked 10 times for consent" consents_at_least a 10
wait_for 10 "so did b" consents_at_least b 10
for name in a b; do
	equal "consent that $name missed" "$(consents "$name" missed)" 0
	if said "$name" '^(relay lost|consent lost|failed|relay refused)'; then
		fail "$name: $(tail -n 3 "$tmp/$name/log")"
	fi
done
note "nonces gone stale: $(in_turn_log 'error 438'); refreshes: $(in_turn_log 'REFRESH processed, success'), channels bound: $(in_turn_log 'CHANNEL_BIND processed, success')"
at_least "nonces that went stale" "$(in_turn_log 'error 438')" 4
at_least "refreshes" "$(in_turn_log 'REFRESH processed, success')" 4
at_least "channels bound" "$(in_turn_log 'CHANNEL_BIND processed, success')" 4
ice_end a b
turn_stop

claim "and tshark finds nothing wrong with any message"
kill -INT "$core_sniffer"
wait "$core_sniffer" || true
messages=$(tshark -n -r "$tmp/core.pcap" -d udp.port==3478,stun -Y stun 2>/dev/null | wc -l)
note "$messages messages and frames of STUN and TURN"
at_least "messages" "$messages" 500
equal "trouble" "$(stun_trouble "$tmp/core.pcap")" ""
finish
