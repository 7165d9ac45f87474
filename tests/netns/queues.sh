#!/bin/bash
# queues.sh -- with more than one thread that encrypts, what arrives is what was sent, in order.
#
#	a --- random bytes: TCP and UDP, IPv4 and IPv6 ---> b     queues = 2, then 4
#	  <--------------------------------------------
#
# BYTES (4,000,000) a transfer by TCP, see carry.py. By ChaCha20-Poly1305, since there are CPUs that do a whole
# burst by AES-256-GCM in the time in which a thread wakes up, and so never share one.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

bytes=${BYTES:-4000000}

join a 1
join b 2

threads_of()		# NAME: those that the kernel counts of the crew
{
	cat /proc/"$(p2p "$1" status --json | jq .pid)"/task/*/comm | grep -c p2pnet-crew
}

helped()		# NAME: packets that others than the first thread did
{
	p2p "$1" status --json | jq .data_path.helped
}

# A helper that is never given a core does not help; on a busy machine that takes more than one.
carry_until_both_have_helped()
{
	local i

	for ((i = 0; i < 40; i++)); do
		carry a b "$(inner4 b)" "$bytes"
		if [ "$(helped a)" -gt 0 ] && [ "$(helped b)" -gt 0 ]; then
			return
		fi
	done
	fail "carried $i times, and of one of both no other thread has had anything to do"
}

for queues in 2 4; do
	node a p2pnet "Queues = $queues" "cipher = chacha20"
	node b p2pnet "Queues = $queues" "cipher = chacha20"
	peer a b "Endpoint = $(endpoint4 b)"
	peer b a "Endpoint = $(endpoint4 a)"
	before=$(host_state a)
	start a b
	reaches a "$(inner4 b)"

	claim "queues = $queues: so many threads, of which status tells"
	equal "helpers of a" "$(threads_of a)" $((queues - 1))
	equal "threads of a" "$(p2p a status --json | jq .data_path.threads)" "$queues"
	contains "status -v" "$(p2p a status -v)" "threads: $queues, "

	claim "queues = $queues: $bytes bytes each way, IPv4, then IPv6, in order"
	carry_until_both_have_helped
	carry b a "$(inner6 a)" "$bytes"
	equal "packets that do not open" "$(counter b bad_data)" 0

	claim "queues = $queues: small packets are left to one thread"
	helped=$(helped a)
	pings a "$(inner4 b)" 20 0.01
	equal "packets that were helped with" "$(helped a)" "$helped"

	claim "queues = $queues: down is clean, with traffic or without"
	pings_start a "$(inner4 b)" 10000 0.002
	p2p a down
	kill "${pings_of[a]}"
	wait "${pings_of[a]}" || true
	equal "what a has changed on its host" "$(host_state a)" "$before"
	stop b
	equal "exit code" "$stopped" 0
done
finish
