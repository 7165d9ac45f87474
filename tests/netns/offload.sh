#!/bin/bash
# offload.sh -- what arrives is what was sent, by whichever offloads are on.
#
#	a --- random bytes: TCP and UDP, IPv4 and IPv6 ---> b     the sums must be equal
#	  <--------------------------------------------
#
# For each word of `offload =` alone, for none, and for all. BYTES (4,000,000) a transfer by
# TCP; ROUNDS (1) of all that. TCP goes both ways at once, UDP at 100 Mbit/s in datagrams of
# equal size with a shorter one here and there, by UDP_SEGMENT and one by one.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

bytes=${BYTES:-4000000}
rounds=${ROUNDS:-1}

join a 1
join b 2

# wanted_by NAME: in effect, or refused by an old kernel.
wanted_by()
{
	p2p "$1" status --json | jq -r '.data_path | .offloads + .refused | sort | join(" ")'
}

configure()		# LINE
{
	node a p2pnet "$1"
	node b p2pnet "$1"
	peer a b "Endpoint = $(endpoint4 b)"
	peer b a "Endpoint = $(endpoint4 a)"
	start a b
	reaches a "$(inner4 b)"
}

for ((round = 0; round < rounds; round++)); do
	for offload in off tun-gso tun-gro udp-gso udp-gro auto; do
		configure "Offload = $offload"
		case $offload in
		off) words= ;;
		auto) words="tun-gro tun-gso udp-gro udp-gso" ;;
		*) words=$offload ;;
		esac
		claim "offload = $offload: so it is"
		wanted=$(wanted_by a)
		equal "offloads in effect or refused" "$wanted" "$words"
		claim "offload = $offload: $bytes bytes each way, IPv4, then IPv6"
		carry a b "$(inner4 b)" "$bytes"
		carry b a "$(inner6 a)" "$bytes"
		claim "offload = $offload: nothing made no sense"
		equal "packets of the kernel" "$(counter a tun_malformed)" 0
		equal "packets of the kernel" "$(counter b tun_malformed)" 0
		stop a
		stop b
	done
done
finish
