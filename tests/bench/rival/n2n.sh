# shellcheck shell=bash disable=SC2154	# sourced by rivals
#
# n2n.sh -- n2n 1, as Debian has it: Twofish, its only cipher.
#
# A TAP device: what is inside are Ethernet frames. Edges meet by a supernode, which runs beside
# b and passes on what they send until they have found each other. Then it ends: only the edges
# are measured.

n2n_installed()
{
	command -v edge supernode >/dev/null
}

n2n_make()		# RIVAL
{
	true
}

n2n_start()		# SIDE
{
	if [ "$1" = b ]; then
		spawn b supernode -f -l 7654
		supernode_pid=$!
	fi
	spawn "$1" edge -r -d vpn0 -a "$(inner4 "$1")" -s 255.255.255.0 -c bench -k secret \
		-m "02:00:00:00:00:0${number[$1]}" -M "$inner_mtu" -p "$(port "$1")" -l "$(outer4 b):7654"
}

# They have found each other when they do without the supernode.
n2n_ready()
{
	kill -STOP "$supernode_pid"
	if in_ns a ping -n -q -c 2 -i 0.2 -W 1 "$(inner4 b)"; then
		kill -TERM "$supernode_pid"
		kill -CONT "$supernode_pid"
	else
		kill -CONT "$supernode_pid"
		return 1
	fi
}
