#!/bin/bash
# ecn.sh -- congestion marks go through, in the way of RFC 6040; DSCP does not leak.
#
#	a --inner ECT(0)--> outer ECT(0) --[ b's input marks CE ]--> inner CE --> b
#
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

join a 1
join b 2
node a "${KIND:-p2pnet}"
node b "${KIND:-p2pnet}"
peer a b "Endpoint = $(endpoint4 b)"
peer b a

# outer_tos TYPE LENGTH: the TOS bytes of a's datagrams of that type (and UDP length).
outer_tos()
{
	dissect "$capture" ip.src wg.type udp.length ip.dsfield |
		awk -F '\t' -v from="$(outer4 a)" -v type="$1" -v len="${2-}" \
		'$1 == from && $2 == type && (len == "" || $3 == len) { print $4 }' | sort -u
}

start a b
capture_start outer
claim "a handshake is marked as AF41"
reaches a "$(inner4 b)"
claim "the inner ECN field is copied outside; the inner DSCP is not"
in_ns a ping -n -q -c 3 -i 0.01 -Q 0xba -s 200 "$(inner4 b)" >/dev/null	# EF and ECT(0)
capture_stop
equal "TOS of the initiation" "$(outer_tos 1)" 0x88
equal "TOS of data" "$(outer_tos 4 $((8 + 16 + 240 + 16)))" 0x02

claim "a mark that the network set on the way is seen inside"
in_ns b nft -f - <<END
table ip congestion {
	chain in {
		type filter hook prerouting priority -300
		udp dport $(port b) ip ecn set ce
	}
}
END
sniff b "$(device b)" "$tmp/inner.pcap" -c 1 "icmp[0] == 8 and greater 200"
in_ns a ping -n -q -c 1 -Q 0x02 -s 200 "$(inner4 b)" >/dev/null
wait_for 3 "the packet was seen" is_gone "$sniffer"
equal "inner TOS at b" "$(tshark -n -r "$tmp/inner.pcap" -T fields -e ip.dsfield 2>/dev/null)" 0x03

claim "a marked packet whose sender does not know ECN is dropped, and counted"
refused 1 in_ns a ping -n -q -c 1 -W 1 -Q 0x00 "$(inner4 b)"
at_least "dropped packets" "$(counter b ecn_drop)" 1
finish
