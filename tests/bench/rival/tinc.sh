# shellcheck shell=bash disable=SC2154	# sourced by rivals
#
# tinc.sh -- tinc 1.0, its defaults: AES-256-CBC with HMAC-SHA-256, which it does by OpenSSL.
#
# It sends by TCP what is longer than what it knows the path to let through by UDP, and looks for
# that for some seconds: it is ready when all packets fit.

tinc_installed()
{
	command -v tincd >/dev/null
}

tinc_make()		# RIVAL
{
	local side dir

	for side in a b; do
		dir=$tmp/tinc/$side
		if [ -e "$dir/tinc.conf" ]; then
			continue
		fi
		mkdir -p "$dir/hosts"
		{
			echo "Address = $(outer4 "$side")"
			echo "Port = $(port "$side")"
			echo "Subnet = $(inner4 "$side")/32"
		} >"$dir/hosts/$side"
		printf '%s\n' "Name = $side" "Interface = vpn0" "DeviceType = tun" "Mode = router" \
			"AddressFamily = ipv4" >"$dir/tinc.conf"
		tincd -c "$dir" -K 2048 </dev/null >/dev/null 2>&1
	done
	cp "$tmp/tinc/a/hosts/a" "$tmp/tinc/b/hosts/"
	cp "$tmp/tinc/b/hosts/b" "$tmp/tinc/a/hosts/"
	grep -q ConnectTo "$tmp/tinc/a/tinc.conf" || echo "ConnectTo = b" >>"$tmp/tinc/a/tinc.conf"
}

tinc_start()		# SIDE
{
	spawn "$1" tincd -D -c "$tmp/tinc/$1" --pidfile="$tmp/tinc/$1.pid"
	dress "$1" vpn0
}

tinc_ready()
{
	local side

	for side in a b; do
		kill -USR2 "${pid_of[$side]}"		# it writes what it knows into its log
		[ "$(sed -n 's/.* pmtu [0-9]* (min \([0-9]*\) .*/\1/p' "$tmp/$side/log" | sort -n |
			tail -n 1)" -ge $((inner_mtu + 14)) ] || return 1
	done
}
