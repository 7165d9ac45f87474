# shellcheck shell=bash disable=SC2154	# sourced by rivals
#
# openvpn.sh -- over UDP, in userspace (no data channel offload), TLS from point to point.
#
# ${setting_of[RIVAL]} is the cipher of the data: AES-256-GCM or CHACHA20-POLY1305. What its
# manual says of throughput: larger socket buffers and TUN queue, no select() before a write
# (fast-io).

openvpn_installed()
{
	command -v openvpn openssl >/dev/null
}

openvpn_make()		# RIVAL
{
	local side dir=$tmp/openvpn

	mkdir -p "$dir"
	for side in a b; do
		if [ ! -e "$dir/$side.crt" ]; then
			openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
				-subj "/CN=$side" -keyout "$dir/$side.key" -out "$dir/$side.crt" 2>/dev/null
		fi
		openssl x509 -in "$dir/$side.crt" -noout -sha256 -fingerprint |
			sed 's/.*=//' >"$dir/$side.print"
	done
	{
		openvpn_config a b "${setting_of[$1]}"
		echo "remote $(outer4 b) $(port b)"
		echo "tls-client"
	} >"$dir/a.conf"
	{
		openvpn_config b a "${setting_of[$1]}"
		echo "tls-server"
		echo "dh none"
	} >"$dir/b.conf"
}

openvpn_config()	# SIDE OTHER CIPHER
{
	cat <<-END
		proto udp4
		local $(outer4 "$1")
		port $(port "$1")
		dev vpn0
		dev-type tun
		disable-dco
		tun-mtu $inner_mtu
		ifconfig $(inner4 "$1") $(inner4 "$2")
		cert $tmp/openvpn/$1.crt
		key $tmp/openvpn/$1.key
		peer-fingerprint $(cat "$tmp/openvpn/$2.print")
		data-ciphers $3
		sndbuf 1048576
		rcvbuf 1048576
		txqueuelen 1000
		fast-io
		verb 1
	END
}

openvpn_start()		# SIDE
{
	spawn "$1" openvpn --config "$tmp/openvpn/$1.conf"
}
