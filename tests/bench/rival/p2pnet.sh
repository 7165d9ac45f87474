# shellcheck shell=bash disable=SC2004,SC2034,SC2154	# sourced by rivals
#
# p2pnet.sh -- p2pnet itself: what is measured against the others.
#
# ${setting_of[RIVAL]} is "BINARY:LINE; LINE...": the program, or none for $P2PNET, and what its
# [interface] says besides, such as "cipher = aes256gcm".

p2pnet_installed()
{
	true
}

p2pnet_make()		# RIVAL
{
	local setting=${setting_of[$1]} lines=() side

	mapfile -t lines < <(tr ';' '\n' <<<"${setting#*:}" | sed 's/^ *//; /^$/d')
	for side in a b; do
		node "$side" p2pnet "MTU = $inner_mtu" "${lines[@]}"
		[[ $setting == :* ]] || program[$side]=${setting%%:*}
	done
	peer a b "Endpoint = $(endpoint4 b)"
	peer b a
	forget_peers a
	forget_peers b
}

p2pnet_start()		# SIDE
{
	start "$1"
}

# Straight, as a has been told where b is.
p2pnet_ready()
{
	[ "$(p2p a status --json | jq -r '.peers[0].state')" = direct ]
}

# p2pnet_takes LINE: whether $P2PNET knows what this line of [interface] says.
p2pnet_takes()
{
	node a p2pnet "$1"
	p2p a check "$(conf a)" >/dev/null 2>&1
}
