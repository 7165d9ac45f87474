# shellcheck shell=bash disable=SC2004,SC2034,SC2154	# sourced by rivals, latency.sh and profile.sh, after lib.sh
#
# tunnels.sh -- what the benches of tunnels share: what TCP is to be, starting a rival, and what ping said.

inner_mtu=1420

# TCP's congestion control: what Linux has where nobody chooses, or $CONGESTION. Not what this machine
# happens to have: bbr sends by a timer, and carries a fifth of what cubic does where there is no
# tunnel at all. It brings a tunnel 40 KB at a time of the 64 that fit, so the fastest lose most.
# (Nor is iperf3's -C enough: the timer stays.)
congestion=${CONGESTION:-cubic}

# use_congestion SIDE...: a namespace may choose only among what the machine allows, so that is
# widened meanwhile.
use_congestion()
{
	local side key=net.ipv4.tcp_allowed_congestion_control allowed

	allowed=$(sysctl -n "$key")
	sysctl -qw "$key=$allowed $congestion" 2>/dev/null ||
		fail "TCP has no $congestion here: CONGESTION is one of $(sysctl -n net.ipv4.tcp_available_congestion_control)"
	for side in "$@"; do
		in_ns "$side" sysctl -qw net.ipv4.tcp_congestion_control="$congestion"
	done
	sysctl -qw "$key=$allowed"
}

# spawn SIDE COMMAND...: in the background; pid_of[SIDE] is the command itself.
spawn()
{
	local side=$1

	shift
	ip netns exec "$(ns "$side")" "$@" >>"$tmp/$side/log" 2>&1 </dev/null &
	pid_of[$side]=$!
}

# round_trips FILE: in what ping said, one a line. A lost one took a second.
round_trips()
{
	sed -n 's/.* time=\([0-9.]*\) ms$/\1/p' "$1"
	awk '/packets transmitted/ { for (n = $4; n < $1; n++) print 1000 }' "$1"
}

percentile()		# PERCENT: of the lines
{
	sort -g | awk -v percent="$1" '{ n[NR] = $1 } END { print n[int((NR - 1) * percent / 100) + 1] }'
}
