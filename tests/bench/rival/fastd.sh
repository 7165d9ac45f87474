# shellcheck shell=bash disable=SC2154	# sourced by rivals
#
# fastd.sh -- salsa2012+umac: the method that its manual names the fastest one that encrypts.
#
# (null and null+salsa2012+umac are faster, and leave the data readable.)

fastd_installed()
{
	command -v fastd >/dev/null
}

fastd_make()		# RIVAL
{
	local side dir=$tmp/fastd

	mkdir -p "$dir"
	for side in a b; do
		if [ ! -e "$dir/$side.key" ]; then
			fastd --machine-readable --generate-key >"$dir/$side.key" 2>/dev/null
		fi
		echo "secret \"$(cat "$dir/$side.key")\";" >"$dir/$side.conf"
		fastd --machine-readable --show-key -c "$dir/$side.conf" >"$dir/$side.public"
		cat >>"$dir/$side.conf" <<-END
			mode tun;
			interface "vpn0";
			method "${setting_of[$1]}";
			mtu $inner_mtu;
			bind $(outer4 "$side"):$(port "$side");
			log level warn;
		END
	done
	echo "peer \"b\" { key \"$(cat "$dir/b.public")\"; remote $(outer4 b):$(port b); }" >>"$dir/a.conf"
	echo "peer \"a\" { key \"$(cat "$dir/a.public")\"; }" >>"$dir/b.conf"
}

fastd_start()		# SIDE
{
	spawn "$1" fastd -c "$tmp/fastd/$1.conf"
	dress "$1" vpn0
}
