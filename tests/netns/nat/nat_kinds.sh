#!/bin/bash
# nat_kinds.sh -- the laboratory's routers do what their names say. No p2pnet here: these
# claims are about the ground that its own tests stand on.
#
#	two sites of each kind, see nat_lib.sh; "full-cone" is host full-cone-1 and
#	full-cone-2. All answers are those of real datagrams, see nat_check.py.
# shellcheck source=nat_lib.sh
NO_P2PNET=yes . "$(dirname "$0")/nat_lib.sh"

behaves()		# HOST MAPPING PORTS FILTERING HAIRPIN [FAMILY]
{
	equal "$1" "$(nat_check behave "$1" "${6:-4}")" \
		"mapping=$2 ports=$3 filtering=$4 hairpin=$5"
}

declare -A short=([none]=none [full-cone]=full [address-restricted]=addr
	[port-restricted]=port [carrier]=carr [linux]=linux [linux-open]=open [symmetric]=sym
	[sequential]=seq [cgnat]=cgn [udp-blocked]=block [firewall6]=fire6 [dual]=dual)
kinds=()		# those with names; of two more it is shown below what makes them
for one in "${nat_kinds[@]}"; do
	[[ $one == only-* ]] || kinds+=("$one")
done

nat_internet
for one in "${kinds[@]}"; do
	nat_site "${short[$one]}1" "$one"
done

# -- one router --------------------------------------------------------------

any="endpoint-independent"
per_address="address-dependent"
per_port="address-and-port-dependent"

claim "none: a public address, and everybody may call"
behaves none1 none preserved "$any" yes
behaves none1 none preserved "$any" yes 6
claim "full cone: one mapping, everybody may call, hairpin"
behaves full1 "$any" preserved "$any" yes
claim "address-restricted: one mapping, whom it called may call, hairpin"
behaves addr1 "$any" preserved "$per_address" yes
claim "port-restricted: one mapping, only the very port it called may answer"
behaves port1 "$any" preserved "$per_port" no
claim "carrier: the same, but with random ports, and hairpin"
behaves carr1 "$any" random "$per_port" yes
claim "a home behind a carrier looks like the carrier"
behaves cgn1 "$any" random "$per_port" yes
claim "plain masquerade looks like port-restricted"
behaves linux1 "$any" preserved "$per_port" no
behaves open1 "$any" preserved "$per_port" no
claim "symmetric: a new random port for each destination"
behaves sym1 "$per_port" random "$per_port" no
claim "sequential: the next port for each destination"
behaves seq1 "$per_port" sequential "$per_port" no
claim "IPv6 firewall: no translation, only answers come in"
behaves fire61 none preserved "$per_port" yes 6
behaves dual1 none preserved "$per_port" yes 6
behaves dual1 "$any" preserved "$per_port" no
claim "UDP blocked: no datagram comes through, TCP does"
equal "UDP" "$(nat_check behave block1)" "mapping=unreachable"
equal "TCP" "$(nat_check tcp block1)" yes
equal "TCP to a home" "$(nat_check tcp_punch block1 port1)" yes
equal "TCP to where ports are random" "$(nat_check tcp_punch block1 sym1)" no

claim "two hosts with one port: distinct mappings, unless conntrack is all there is"
nat_lan port1b port1
nat_lan linux1b linux1
equal "port-restricted" "$(nat_check clash port1 port1b)" distinct
equal "plain masquerade" "$(nat_check clash linux1 linux1b)" shared

claim "a router without an input filter loses its port to a packet that is too early"
equal "with the filter" "$(nat_check stranger linux1)" kept
equal "without" "$(nat_check stranger open1)" lost
equal "with mappings" "$(nat_check stranger port1)" kept

claim "a mapping dies of silence, and lives by what the host sends"
for site in full1 addr1 port1 linux1 cgn1-isp; do
	nat_lifetime "$site" 2
done
equal "after 2.4 s, 2 s allowed" "$(nat_check lifetime 2 full1 addr1 port1 linux1 cgn1)" \
	"$(printf '%s kept=alive once=gone quiet=gone\n' full1 addr1 port1 linux1 cgn1)"
for site in full1 addr1 port1 linux1 cgn1-isp; do
	nat_lifetime "$site" 30
done

claim "hairpin between two hosts, seen from outside as one"
nat_lan full1b full1
equal "full cone" "$(nat_check hairpin full1 full1b)" yes
equal "port-restricted" "$(nat_check hairpin port1 port1b)" no
nat_hairpin port1 yes
equal "port-restricted, hairpin on" "$(nat_check hairpin port1 port1b)" yes
nat_hairpin port1 no
equal "hairpin off again" "$(nat_check hairpin port1 port1b)" no

claim "two homes behind one carrier meet if it does hairpin, else they do not"
nat_carrier isp
nat_site home1 port-restricted isp
nat_site home2 port-restricted isp
equal "hairpin" "$(nat_check punch home1 home2)" 4
nat_hairpin isp no
equal "none" "$(nat_check punch home1 home2)" no
equal "both reach others" "$(nat_check punches home1 full1 home2 port1)" \
	$'home1 full1 4\nhome2 port1 4'

# -- what happens ------------------------------------------------------------

claim "a reboot: no mapping, another address, and it works again"
before=$(nat_public port1)
equal "the outer address" "$(nat_check mapped port1 | cut -d : -f 1)" "$before"
nat_flush port1
different "the outer address" "$(nat_public port1)" "$before"
equal "the outer address" "$(nat_check mapped port1 | cut -d : -f 1)" "$(nat_public port1)"
equal "connections left" "$(in_ns r-port1 conntrack -L -p udp --src-nat 2>/dev/null |
	grep -c "dst=$before " || true)" 0
behaves port1 "$any" preserved "$per_port" no

claim "a carrier reboots, and a home router behind one, and a public one"
nat_flush isp
equal "the carrier's" "$(nat_check mapped home1 | cut -d : -f 1)" "$(nat_public isp)"
nat_flush home1
equal "the carrier's, as before" "$(nat_check mapped home1 | cut -d : -f 1)" "$(nat_public isp)"
nat_flush none1
behaves none1 none preserved "$any" yes

claim "six reboots in a row"
for _ in 1 2 3 4 5 6; do
	nat_flush full1
	equal "address" "$(nat_check mapped full1 | cut -d : -f 1)" "$(nat_public full1)"
done

claim "UDP can be blocked and unblocked while it runs"
nat_block_udp full1
equal "blocked" "$(nat_check mapped full1)" unreachable
nat_unblock_udp full1
different "unblocked" "$(nat_check mapped full1)" unreachable

claim "so can all but one TCP port, or everything"
for rule in "tcp dport 443 accept" ""; do
	nat_block full1 "$rule"
	equal "UDP" "$(nat_check mapped full1)" unreachable
	equal "TCP to another port" "$(nat_check tcp full1)" no
	nat_unblock full1
	equal "TCP without it" "$(nat_check tcp full1)" yes
done

# -- two routers -------------------------------------------------------------

# linux-open is left out: there it depends on whose packet is first, as shown above.
claim "punching finds a direct path for just those pairs for which theory says so"
pairs=()
wanted=()
for one in "${kinds[@]}"; do
	for other in "${kinds[@]}"; do
		if [ "$one" != linux-open ] && [ "$other" != linux-open ] && [[ ! $one > $other ]]; then
			pairs+=("${short[$one]}1" "${short[$other]}2")
			word=no
			if [ "$(nat_theory "$one" "$other")" = punch ]; then
				word=yes
			fi
			wanted+=("${short[$one]}1 ${short[$other]}2 $word")
		fi
	done
done
for one in "${kinds[@]}"; do
	nat_site "${short[$one]}2" "$one"
done
equal "pairs" "$(nat_check punches "${pairs[@]}" | sed -E 's/ [46]+$/ yes/')" \
	"$(printf '%s\n' "${wanted[@]}")"
note "${#wanted[@]} pairs, $(printf '%s\n' "${wanted[@]}" | grep -c yes) of them direct"

claim "a spray finds the port of a symmetric NAT"
equal "spray" "$(nat_check spray sym1 port1)" yes
equal "spray at a carrier" "$(nat_check spray sym1 cgn1)" yes

claim "the next port of a sequential NAT can be predicted, that of a symmetric one cannot"
equal "sequential" "$(nat_check predict seq1 port1)" yes
equal "symmetric" "$(nat_check predict sym1 port1)" no

# -- a longer wire -----------------------------------------------------------

claim "the core can take 25 ms each way"
nat_delay 25
round_trip=$(in_ns full1 ping -n -q -c 5 -i 0.1 192.0.2.1 | sed -nE 's/^rtt[^=]*= ([0-9]+).*/\1/p')
at_least "fastest round trip, ms" "$round_trip" 50
at_most "fastest round trip, ms" "$round_trip" 60
round_trip=$(in_ns dual1 ping -n -q -c 5 -i 0.1 2001:db8:1::1 | sed -nE 's/^rtt[^=]*= ([0-9]+).*/\1/p')
at_least "fastest round trip, ms, IPv6" "$round_trip" 50
equal "a punch" "$(nat_check punch port1 addr2)" 4

claim "it can lose packets, and be as before"
nat_delay 1 30
lost=$(in_ns full1 ping -n -q -c 100 -i 0.005 -W 1 192.0.2.1 | sed -nE 's/.* ([0-9]+)[.0-9]*% packet loss.*/\1/p')
at_least "lost there or back, percent" "$lost" 35
at_most "lost there or back, percent" "$lost" 67
nat_no_delay
pings full1 192.0.2.1 20 0.005
finish
