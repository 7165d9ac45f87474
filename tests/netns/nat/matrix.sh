#!/bin/bash
# matrix.sh -- every kind of NAT against every kind: is there a direct path, and how soon?
#
#	tests/netns/nat/matrix.sh [-r RUNS] [-d MS] [-i 1|2] [-R RELAYS] [-s N/M] [-v] [KIND...]
#
#	s1  a public p2pnet that introduces; it knows both; with -i 2 there is s2 as well
#	a   behind a NAT of one kind   } both know s1 and where it is, and each other's
#	b   behind one of another kind } public key, no more
#
# RELAYS: what else they know, with commas between:
#	peer		s1 relays for its peers
#	turn		a coturn on s2, by UDP and TCP
#	turns		the same, by TLS on port 443
#	rendezvous	ours on s2, by UDP and by TLS on port 443; it relays
# With any of them all runs of all pairs must be connected, and a run of which theory has no
# direct path ends with the first ping that is answered.
#
# MS: round trip through the core. N/M: every Mth pair alone, from the Nth on, to share the
# work between several. One run: both routers forget everything, all start, and
# once both have a session with s1, a pings b until the path is direct. (So that s1 is a peer
# like others, it is in the files of both; it carries no traffic of theirs unless its `relay`
# says so.)
#
#	pair                theory  runs direct relay none  ping med/worst  direct med/worst  path
#
# "theory" is nat_theory's word, see nat_lib.sh. Seconds count from the first ping that a
# sent: till the first that was answered, and till status said direct. The exit code is 1
# if a pair was direct in fewer runs than it should be: all, nine of ten if it is "spray",
# "predict" or "tcp"; nothing is asked of "luck" and "no", and without relays they get three
# runs at most, as each of them lasts until we give up.
set -euo pipefail

runs=1
round_trip=0
verbose=
introducers=(s1)
relays=
share=1/1
usage="usage: matrix.sh [-r RUNS] [-d MS] [-i 1|2] [-R RELAYS] [-s N/M] [-v] [KIND...]"
while getopts r:d:i:R:s:v option; do
	case $option in
	s) share=$OPTARG ;;
	R) relays=$OPTARG ;;
	i) [ "$OPTARG" = 1 ] || introducers=(s1 s2) ;;
	r) runs=$OPTARG ;;
	d) round_trip=$OPTARG ;;
	v) verbose=yes ;;
	*)
		echo "$usage" >&2
		exit 2
		;;
	esac
done
shift $((OPTIND - 1))
wanted_kinds=("$@")
set --

# shellcheck source=nat_lib.sh
. "$(dirname "$0")/nat_lib.sh"
# shellcheck source=../servers_lib.sh
. "$(dirname "$0")/../servers_lib.sh"

if [ "${#wanted_kinds[@]}" -eq 0 ]; then
	wanted_kinds=(none full-cone address-restricted port-restricted carrier linux symmetric
		sequential cgnat udp-blocked firewall6 dual)
fi
give_up=${GIVE_UP:-20}		# seconds without a direct path

# -- one run -----------------------------------------------------------------

# What a run is told and asked of p2pnet is all in these three.
write_configs()		# A B
{
	local name introducer

	for introducer in "${introducers[@]}"; do
		node "$introducer" p2pnet
		if has_relay peer; then
			printf '\n[Nat]\nrelay = yes\n' >>"$(conf "$introducer")"
		fi
	done
	for name in "$1" "$2"; do
		node "$name" p2pnet
		for introducer in "${introducers[@]}"; do
			peer "$name" "$introducer" \
				"Endpoint = $(introducer_endpoint "$name" "$introducer")" \
				"PersistentKeepalive = 25"
			peer "$introducer" "$name"
		done
		tell_relays "$name" >>"$(conf "$name")"
	done
	peer "$1" "$2"
	peer "$2" "$1"
}

has_relay()		# WORD
{
	[[ ,$relays, == *",$1,"* ]]
}

tell_relays()		# NAME: its sections about them
{
	local urls=()

	if has_relay turn; then
		urls+=("turn:$turn_address")
	fi
	if has_relay turns; then
		urls+=("turns:$turn_address:443?transport=tcp")
	fi
	echo "[Nat]"
	if [ "${#urls[@]}" -gt 0 ]; then
		printf 'turn = %s\nturn_user = alice\nturn_password_file = %s\n' \
			"$(IFS=, && echo "${urls[*]}")" "$turn_password"
	fi
	if [ -n "$relays" ]; then
		echo "turn_ca = $ca"
	fi
	if [ "${site_kind[$1]}" = only-proxy ]; then
		echo "proxy = http://192.168.1.1:3128"
	fi
	if has_relay rendezvous; then
		tell_rendezvous "udp://$(outer4 s2):4901"
		tell_rendezvous "tls://$(outer4 s2):443"
	fi
}

tell_rendezvous()	# URL
{
	printf '[Rendezvous]\nurl = %s\npublic_key = %s\npreshared_key_file = %s\n' "$1" \
		"$(cat "$tmp/s2/rendezvous.public")" "$rendezvous_psk"
	if [[ $1 == tls:* ]]; then
		echo "ca_file = $ca"
	fi
}

introducer_endpoint()	# NAME INTRODUCER: in a family that NAME has
{
	if [ -n "$(outer4 "$1")" ]; then
		endpoint4 "$2"
	else
		endpoint6 "$2"
	fi
}

# state_and_path NAME OTHER: "direct udp4 203.0.113.10:51803", "relay ...", "connecting -"
state_and_path()
{
	p2p "$1" status --json 2>/dev/null | jq -r --arg name "$2" '.peers[] |
		select(.name == $name) | "\(.state) \(.path.proto // "-") \(.path.remote // "")"'
}

# until_met NAME OTHER: false if they have no session within 10 s, as when UDP is blocked.
until_met()
{
	local deadline=$(($(now_ms) + 10000))

	until has_session "$1" "$2"; do
		[ "$(now_ms)" -lt "$deadline" ] || return 1
		sleep 0.05
	done
}

is_answered()		# NAME
{
	grep -qs 'bytes from' "$tmp/$1/ping"
}

# Who can reach none of them has nothing to wait for.
await_introducers()	# A B
{
	local name introducer

	for name in "$@"; do
		for introducer in "${introducers[@]}"; do
			case ${site_kind[$name]} in
			only-*) continue ;;
			esac
			until_met "$name" "$introducer" || note "$name did not reach $introducer"
		done
	done
}

# one_run A B THEORY: sets $outcome (direct, relay, none), $path, and in ms $first_ping, $till_direct.
one_run()
{
	local a=$1 b=$2 theory=$3 begin now text

	write_configs "$a" "$b"
	start "${introducers[@]}" "$a" "$b"
	await_introducers "$a" "$b"
	outcome=none
	path=-
	first_ping=
	till_direct=
	rm -f "$tmp/$a/ping"	# that of the last run
	ip netns exec "$(ns "$a")" ping -n -i 0.1 "$(inner4 "$b")" >"$tmp/$a/ping" 2>&1 &
	pings_of[$a]=$!
	pids+=("$!")
	begin=$(now_ms)
	while now=$(($(now_ms) - begin)) && [ "$now" -lt $((give_up * 1000)) ]; do
		if [ -z "$first_ping" ] && is_answered "$a"; then
			first_ping=$now
			outcome=relay
		fi
		text=$(state_and_path "$a" "$b")
		if [ -n "$first_ping" ] && [ "${text%% *}" = direct ]; then
			outcome=direct
			till_direct=$now
			path=${text#* }
			break
		fi
		if [ "$outcome" = relay ] && [ -n "$relays" ] && is_hopeless "$theory"; then
			path=${text#* }
			break
		fi
		sleep 0.02
	done
	kill "${pings_of[$a]}"
	wait "${pings_of[$a]}" || true
}

is_hopeless()		# THEORY
{
	[ "$1" = no ] || [ "$1" = luck ]
}

end_run()		# A B
{
	local name

	for name in "${introducers[@]}" "$1" "$2"; do
		stop "$name"
		rm -rf "${tmp:?}/$name/state"	# no cache of the last run's paths
	done
}

# -- one pair ----------------------------------------------------------------

# median_and_worst FILE: of milliseconds, one a line, in seconds.
median_and_worst()
{
	sort -n "$1" | awk '{ n[NR] = $1 } END {
		if (NR) printf "%.2f/%.2f", n[int((NR + 1) / 2)] / 1000, n[NR] / 1000
		else printf "-"
	}'
}

# Direct runs that a pair must have.
least_direct()		# THEORY
{
	case $1 in
	punch) echo "$runs" ;;
	spray | predict | tcp) echo $(((runs * 9 + 9) / 10)) ;;
	*) echo 0 ;;
	esac
}

runs_of()		# THEORY
{
	if is_hopeless "$1" && [ -z "$relays" ]; then
		echo $((runs < 3 ? runs : 3))
	else
		echo "$runs"
	fi
}

short_of=()
one_pair()		# A B TITLE THEORY
{
	local a=$1 b=$2 title=$3 theory=$4 run planned
	local -A count=([direct]=0 [relay]=0 [none]=0)

	planned=$(runs_of "$theory")
	: >"$tmp/first_ping"
	: >"$tmp/till_direct"
	for ((run = 0; run < planned; run++)); do
		forget "$a" "$b"
		one_run "$a" "$b" "$theory"
		count[$outcome]=$((count[$outcome] + 1))
		if [ -n "$first_ping" ]; then
			echo "$first_ping" >>"$tmp/first_ping"
		fi
		if [ -n "$till_direct" ]; then
			echo "$till_direct" >>"$tmp/till_direct"
		fi
		if [ -n "$verbose" ]; then
			note "$title run $run: $outcome, first ping ${first_ping:--} ms," \
				"direct ${till_direct:--} ms, $path"
		fi
		end_run "$a" "$b"
	done
	printf '%-36s %-7s %4d %6d %5d %4d  %12s  %12s  %s\n' "$title" "$theory" "$planned" \
		"${count[direct]}" "${count[relay]}" "${count[none]}" \
		"$(median_and_worst "$tmp/first_ping")" "$(median_and_worst "$tmp/till_direct")" "$path"
	if [ "${count[direct]}" -lt "$(least_direct "$theory")" ]; then
		short_of+=("$title: direct ${count[direct]} of $planned, theory: $theory")
	fi
	if [ -n "$relays" ] && [ "${count[none]}" -gt 0 ]; then
		short_of+=("$title: not connected in ${count[none]} of $planned")
	fi
}

# The routers between them, and their carriers.
forget()		# SITE...
{
	local site

	for site in "$@"; do
		nat_forget "$site"
		if [ "${site_upstream[$site]}" != core ]; then
			nat_forget "${site_upstream[$site]}"
		fi
	done
}

# -- all pairs ---------------------------------------------------------------

site_of()		# KIND 1|2: its name; interfaces have room for few letters
{
	local i

	for i in "${!nat_kinds[@]}"; do
		if [ "${nat_kinds[i]}" = "$1" ]; then
			echo "k$i-$2"
		fi
	done
}

# Whom RELAYS name. The second address of s2 is coturn's, or port 443 would be taken.
start_relays()
{
	turn_address=192.0.2.18
	ca_make
	if has_relay turn || has_relay turns; then
		certificate s2 "$turn_address"
		coturn_start s2 "$turn_address"
	fi
	if has_relay rendezvous; then
		certificate rendezvous "$(outer4 s2)"
		"$P2PNET" genpsk >"$rendezvous_psk"
		rendezvous_start s2 --psk "$rendezvous_psk" --relay \
			--listen "$(outer4 s2):4901" --tls-listen "$(outer4 s2):443" \
			--cert "$tmp/rendezvous.pem" --cert-key "$tmp/rendezvous.key"
	fi
}

nat_internet
for one in "${wanted_kinds[@]}"; do
	nat_site "$(site_of "$one" 1)" "$one"
	nat_site "$(site_of "$one" 2)" "$one"
done
for one in "${!site_kind[@]}"; do
	if [ "${site_kind[$one]}" = only-proxy ]; then
		proxy_start "r-$one" 192.168.1.1
	fi
done
if [ -n "$relays" ]; then
	start_relays
fi
if [ "$round_trip" -gt 0 ]; then
	nat_delay "$((round_trip / 2))"
fi

printf '%-36s %-7s %4s %6s %5s %4s  %12s  %12s  %s\n' pair theory runs direct relay none \
	"ping med/max" "direct m/max" "path of the last"
nth=$((${share#*/} - ${share%/*}))
is_our_turn()
{
	nth=$((nth + 1))
	[ $((nth % ${share#*/})) -eq 0 ]
}

for one in "${wanted_kinds[@]}"; do
	for other in "${wanted_kinds[@]}"; do
		if [[ ! $one > $other ]] && is_our_turn; then
			one_pair "$(site_of "$one" 1)" "$(site_of "$other" 2)" "$one, $other" \
				"$(nat_theory "$one" "$other")"
		fi
	done
done
if [[ " ${wanted_kinds[*]} " == *" cgnat "* ]]; then
	nat_carrier isp
	nat_site home1 port-restricted isp
	nat_site home2 port-restricted isp
	one_pair home1 home2 "two homes, one carrier with hairpin" punch
	nat_hairpin isp no
	one_pair home1 home2 "two homes, one carrier without" no
fi

for one in "${short_of[@]}"; do
	note "$one"
done
claim "direct wherever theory allows it, and connected wherever there is a relay"
if [ "${#short_of[@]}" -gt 0 ]; then
	names=()		# what each said last is not about the pairs that fell short
	fail "${#short_of[@]} pairs fall short"
fi
finish
