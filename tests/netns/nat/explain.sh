#!/bin/bash
# explain.sh -- where no direct path is possible, `p2pnet explain` says why, on both sides.
#
#	tests/netns/nat/explain.sh [all]
#
#	s1, s2  public; they introduce the others
#
# Without `all` one pair for each cause; with it, every pair of kinds for which nat_theory
# has no sure way. Both sides of each pair ping each other all the time, all at once, until
# all have their verdict. That takes a minute: not before all pairs of addresses have
# failed (39.5 s, RFC 8863) is it certain that none works. Nobody here uses TCP, or those whose UDP
# is blocked would be connected.
set -euo pipefail

every=${1-}
set --

# shellcheck source=nat_lib.sh
. "$(dirname "$0")/nat_lib.sh"

pairs=()		# "A B VERDICT-OF-A VERDICT-OF-B"
patience=100		# seconds

# verdicts_for KIND KIND: what each side shall find.
verdicts_for()
{
	case "$1 $2" in
	"udp-blocked udp-blocked") echo udp_blocked udp_blocked ;;
	"udp-blocked "*) echo udp_blocked peer_silent ;;
	*" udp-blocked") echo peer_silent udp_blocked ;;
	*firewall6*) echo no_family no_family ;;
	*) echo both_hard both_hard ;;
	esac
}

# -- who is there ------------------------------------------------------------

site_of()		# KIND 1|2: its name; interfaces have room for few letters
{
	local i

	for i in "${!nat_kinds[@]}"; do
		if [ "${nat_kinds[i]}" = "$1" ]; then
			echo "k$i-$2"
		fi
	done
}

add_pair()		# KIND KIND
{
	local a b

	a=$(site_of "$1" 1)
	b=$(site_of "$2" 2)
	[ -n "${site_kind[$a]-}" ] || nat_site "$a" "$1"
	[ -n "${site_kind[$b]-}" ] || nat_site "$b" "$2"
	pairs+=("$a $b $(verdicts_for "$1" "$2")")
}

add_every_pair()
{
	local one other

	for one in "${nat_kinds[@]}"; do
		for other in "${nat_kinds[@]}"; do
			case $one-$other-$(nat_theory "$one" "$other") in
			*linux-open* | *only-*) ;;
			*-no | *-luck | *-tcp) [[ $one > $other ]] || add_pair "$one" "$other" ;;
			esac
		done
	done
}

nat_internet
if [ "$every" = all ]; then
	add_every_pair
else
	add_pair port-restricted udp-blocked
	add_pair firewall6 port-restricted
	add_pair symmetric symmetric
fi
nat_carrier isp
nat_hairpin isp no
nat_site home1 port-restricted isp
nat_site home2 port-restricted isp
pairs+=("home1 home2 one_outside one_outside")

# -- configs -----------------------------------------------------------------

introducer_endpoint()	# NAME INTRODUCER: in a family that NAME has
{
	if [ -n "$(outer4 "$1")" ]; then
		endpoint4 "$2"
	else
		endpoint6 "$2"
	fi
}

introduce()		# NAME
{
	local introducer

	node "$1" p2pnet
	printf '[Nat]\ntcp = no\n' >>"$(conf "$1")"
	for introducer in s1 s2; do
		peer "$1" "$introducer" "Endpoint = $(introducer_endpoint "$1" "$introducer")"
		peer "$introducer" "$1"
	done
}

node s1 p2pnet
node s2 p2pnet
mesh=()
for one in "${names[@]}"; do
	case $one in
	s1 | s2) ;;
	*)
		introduce "$one"
		mesh+=("$one")
		;;
	esac
done
for pair in "${pairs[@]}"; do
	read -r a b _ <<<"$pair"
	peer "$a" "$b"
	peer "$b" "$a"
done

# -- verdicts ----------------------------------------------------------------

knock()			# NAME OTHER: once a second, on and on
{
	ip netns exec "$(ns "$1")" ping -n -q -i 1 "$(inner4 "$2")" >/dev/null 2>&1 &
	pids+=("$!")
}

said_of()		# NAME OTHER KEY: of what NAME explains about OTHER
{
	p2p "$1" explain "$2" --json | jq -r ".$3"
}

# Where theory has luck, it may have been found.
finds()			# NAME OTHER VERDICT
{
	case $(said_of "$1" "$2" verdict) in
	"$3") ;;
	direct) [ "$3" = both_hard ] ;;
	*) return 1 ;;
	esac
}

claim "${#mesh[@]} nodes are up and knock at each other"
start s1 s2 "${mesh[@]}"
for pair in "${pairs[@]}"; do
	read -r a b _ <<<"$pair"
	knock "$a" "$b"
	knock "$b" "$a"
done

deadline=$(($(now_ms) + patience * 1000))
for pair in "${pairs[@]}"; do
	read -r a b of_a of_b <<<"$pair"
	for side in "$a $b $of_a" "$b $a $of_b"; do
		read -r one other verdict <<<"$side"
		claim "${site_kind[$one]} with ${site_kind[$other]}: $verdict"
		until finds "$one" "$other" "$verdict"; do
			[ "$(now_ms)" -lt "$deadline" ] ||
				fail "it finds $(said_of "$one" "$other" verdict)"
			sleep 0.2
		done
		note "why: $(said_of "$one" "$other" why)"
		note "fix: $(said_of "$one" "$other" fix)"
	done
done
finish
