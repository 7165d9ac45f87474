# shellcheck shell=bash disable=SC2154	# sourced by rivals
#
# wireguard_go.sh -- Debian's wireguard-go: the one that all are compared with.
#
# WireGuard leaves nothing to choose: ChaCha20-Poly1305. It uses all cores by itself.

wireguard_go_installed()
{
	command -v wireguard-go wg >/dev/null
}

wireguard_go_make()	# RIVAL
{
	node a wireguard-go
	node b wireguard-go
	peer a b "Endpoint = $(endpoint4 b)"
	peer b a
}

wireguard_go_start()	# SIDE
{
	start "$1"
}
