# shellcheck shell=bash disable=SC2154	# sourced by rivals
#
# nebula.sh -- AES-256-GCM (its default), the socket buffers that its example config suggests.
#
# One routine, as by default: more help several peers, not one. No lighthouse: a knows where b
# is. The default MTU of 1300 is for any path; this path is known, so it gets what all have.

nebula_installed()
{
	command -v nebula nebula-cert >/dev/null
}

nebula_make()		# RIVAL
{
	local side dir=$tmp/nebula

	mkdir -p "$dir"
	if [ ! -e "$dir/ca.crt" ]; then
		nebula-cert ca -name bench -out-crt "$dir/ca.crt" -out-key "$dir/ca.key"
	fi
	for side in a b; do
		if [ ! -e "$dir/$side.crt" ]; then
			nebula-cert sign -ca-crt "$dir/ca.crt" -ca-key "$dir/ca.key" -name "$side" \
				-ip "$(inner4 "$side")/24" -out-crt "$dir/$side.crt" -out-key "$dir/$side.key"
		fi
		nebula_config "$side" >"$dir/$side.yml"
	done
}

nebula_config()		# SIDE
{
	cat <<-END
		pki:
		  ca: $tmp/nebula/ca.crt
		  cert: $tmp/nebula/$1.crt
		  key: $tmp/nebula/$1.key
		static_host_map:
		  "$(inner4 b)": ["$(endpoint4 b)"]
		lighthouse:
		  am_lighthouse: false
		listen:
		  host: 0.0.0.0
		  port: $(port "$1")
		  read_buffer: 10485760
		  write_buffer: 10485760
		cipher: aes
		tun:
		  dev: vpn0
		  mtu: $inner_mtu
		logging:
		  level: warning
		firewall:
		  outbound:
		    - {port: any, proto: any, host: any}
		  inbound:
		    - {port: any, proto: any, host: any}
	END
}

nebula_start()		# SIDE
{
	spawn "$1" nebula -config "$tmp/nebula/$1.yml"
}
