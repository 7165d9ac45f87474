/* errors_test.c -- broken files, and the very words that a user reads about them.
 *
 * Each row is a file t.conf, and all that is printed about it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include "crypto/aead.h"
#include "scratch.h"

struct row {
	const char *text, *says;
};

#define RENDEZVOUS	"[rendezvous]\nurl = udp://r.example.net:4901\npublic_key = " KEY_B "\n"

#define TURN "[nat]\nturn_user = me\nturn_password_file = turn.pw\n"
#define REMEDY "write turn:relay.example.net, turn:relay.example.net:3478?transport=udp or " \
	       "turns:relay.example.net:443\n"

bool __wrap_aead_has(enum aead_suite suite);

bool __wrap_aead_has(enum aead_suite suite)
{
	return suite != AEAD_AES256GCM;
}

static const struct row structure[] = {
	{"", "t.conf: error: there is no [interface] section; add one, and private_key_file = FILE "
	     "below it\n"},
	{"# nothing but a comment\n",
	 "t.conf: error: there is no [interface] section; add one, and private_key_file = FILE "
	 "below it\n"},
	{PEER_A,
	 "t.conf: error: there is no [interface] section; add one, and private_key_file = FILE "
	 "below it\n"},
	{"[interface]\n",
	 "t.conf:1: error: [interface] has no private key; add private_key_file = FILE, \"p2pnet "
	 "genkey\" writes what belongs into it\n"},
	{SELF "\n" SELF,
	 "t.conf:4: error: a second [interface], the first is at t.conf:1; put its keys there\n"},
	{SELF "[interface\n",
	 "t.conf:3: error: [interface lacks its closing ]\n"
	 "t.conf:3: error: a second [interface], the first is at t.conf:1; put its keys there\n"},
	{"[interface]  mtu = 1400\nprivate_key = " SELF_PRIVATE "\n",
	 "t.conf:1: error: \"mtu = 1400\" stands behind the ]; move it to the next line\n"},
	{"[interface nas]\nprivate_key = " SELF_PRIVATE "\n",
	 "t.conf:1: error: [interface] takes no name here; write name = nas on a line below it\n"},
	{SELF "[pear laptop]\nnonsense = 1\n",
	 "t.conf:3: error: unknown section [pear]; there are [interface], [nat], "
	 "[rendezvous] and [peer NAME]\n"},
	{SELF "[rendezvous]\npublic_key = " KEY_B "\n",
	 "t.conf:3: error: [rendezvous] has no url; add url = udp://HOST:PORT or tls://HOST\n"},
	{SELF "[rendezvous]\nurl = udp://r.example.net:4901\n",
	 "t.conf:3: error: [rendezvous] has no public_key; add the one that \"p2pnet rendezvous\" "
	 "prints there\n"},
	{SELF "[rendezvous two words]\nurl = udp://r:1\npublic_key = " KEY_B "\n",
	 "t.conf:3: error: \"two words\" is not a name; use 1 to 63 letters, digits, \"-\", \"_\", "
	 "\".\"\n"},
	{SELF "[rendezvous]\nurl = udp://r:1\npublic_key = " KEY_B "\nendpoint = r:1\n",
	 "t.conf:6: error: endpoint belongs into a [peer] section, this is [rendezvous]; move it "
	 "there\n"},
	{SELF "[nat home]\nstun = stun.example.net\n",
	 "t.conf:3: error: [nat] takes no name; delete \"home\"\n"},
	{SELF "[nat]\nstun = stun.example.net\n" PEER_A "[nat]\nstun = stun2.example.net\n",
	 "t.conf:7: error: a second [nat], the first is at t.conf:3; put its keys there\n"},
	{SELF "stun = stun.example.net\n",
	 "t.conf:3: error: stun belongs into a [nat] section, this is [interface]; move it there\n"},
	{SELF "[nat]\nstn = stun.example.net\n",
	 "t.conf:4: error: unknown key \"stn\" in [nat]; did you mean stun?\n"},
	{SELF "[peer lap top]\npublic_key = " KEY_A "\n",
	 "t.conf:3: error: \"lap top\" is not a name; use 1 to 63 letters, digits, \"-\", \"_\", "
	 "\".\"\n"},
	{SELF "[peer]\n",
	 "t.conf:3: error: [peer] has no public_key; add the one that \"p2pnet pubkey\" prints "
	 "there\n"},
	{SELF "[peer nas]\nendpoint = nas.example.net:51820\n",
	 "t.conf:3: error: [peer nas] has no public_key; add the one that \"p2pnet pubkey\" "
	 "prints there\n"},
	{SELF "mtu\n",
	 "t.conf:3: error: \"mtu\" begins no line that is understood; expected key = value, "
	 "[section], or a comment after #\n"},
	{SELF "= 1400\n",
	 "t.conf:3: error: \"=\" begins no line that is understood; expected key = value, "
	 "[section], or a comment after #\n"},
	{"private_key = x\n" SELF,
	 "t.conf:1: error: private_key stands before any section; put [interface] or [peer NAME] "
	 "above it\n"},
	{SELF "listenport2 = 1\n", "t.conf:3: error: unknown key \"listenport2\" in [interface]; "
				   "did you mean listen_port?\n"},
	{SELF "allowed_ips = 10.0.0.0/8\n",
	 "t.conf:3: error: allowed_ips belongs into a [peer] section, this is [interface]; move "
	 "it there\n"},
	{SELF "frobnicate = yes\n",
	 "t.conf:3: error: unknown key \"frobnicate\" in [interface]; there are private_key, "
	 "private_key_file, address, name, device, listen_port, mtu, table, fwmark, log_level, "
	 "lan, cipher, offload, queues, include\n"},
	{SELF PEER_A "DNS = 1.1.1.1\n",
	 "t.conf:5: error: unknown key \"DNS\" in [peer]; there are public_key, preshared_key, "
	 "preshared_key_file, endpoint, path, ip, allowed_ips, keepalive, cipher, include\n"},
	{SELF "mtu = 1400\nMTU = 1300\n",
	 "t.conf:4: error: mtu is given twice, first in line 3; delete one of the two\n"},
	{SELF "mtu =\n", "t.conf:3: error: mtu has no value; give it one or delete the line\n"},
	{SELF "[peer a]\nPublicKey = " KEY_A "\npublic_key = " KEY_A "\n",
	 "t.conf:5: error: public_key is given twice, first in line 4; delete one of the two\n"},
	{"[interface]\nprivate_key\n" SELF_PRIVATE "\n",
	 "t.conf:2: error: \"private_key\" begins no line that is understood; expected key = "
	 "value, [section], or a comment after #\n"
	 "t.conf:3: error: unknown key \"(a long word)\" in [interface]; there are private_key, "
	 "private_key_file, address, name, device, listen_port, mtu, table, fwmark, log_level, "
	 "lan, cipher, offload, queues, include\n"
	 "t.conf:1: error: [interface] has no private key; add private_key_file = FILE, \"p2pnet "
	 "genkey\" writes what belongs into it\n"},
	{"[interface]\nprivate_key\n  : " SELF_PRIVATE "\n",
	 "t.conf:2: error: \"private_key\" begins no line that is understood; expected key = "
	 "value, [section], or a comment after #\n"
	 "t.conf:3: error: \":\" begins no line that is understood; expected key = value, "
	 "[section], or a comment after #\n"
	 "t.conf:1: error: [interface] has no private key; add private_key_file = FILE, \"p2pnet "
	 "genkey\" writes what belongs into it\n"},
};

static const struct row keys[] = {
	{"[interface]\nprivate_key = AA9w/rEuI3PdUYdlv+6QSNkjyC6CRTBNnFO4nj2CQF=\n",
	 "t.conf:2: error: private_key has 43 characters, a key is 44 characters of base64; "
	 "\"p2pnet genkey\" makes one\n"},
	{"[interface]\nprivate_key = AA9w/rEuI3PdUYdlv+6QSNkjyC6CRTBNnFO4nj2CQ.U=\n",
	 "t.conf:2: error: private_key is not base64, or not of 32 bytes; \"p2pnet genkey\" makes "
	 "one\n"},
	{"[interface]\nprivate_key = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
	 "t.conf:2: error: the private key is all zeroes; \"p2pnet genkey\" makes a good one\n"},
	{"[interface]\nprivate_key_file = no.key\n",
	 "t.conf:2: error: no.key cannot be read: No such file or directory; \"p2pnet genkey\" "
	 "makes a key, and umask 077 keeps it yours\n"},
	{"[interface]\nprivate_key_file = open.key\n",
	 "t.conf:2: error: open.key may be used by others than its owner (mode 0644); chmod 600 "
	 "open.key\n"},
	{SELF "private_key_file = good.key\n",
	 "t.conf:3: error: there are both private_key (line 2) and private_key_file; delete one "
	 "of them\n"},
	{SELF "[peer a]\npublic_key = " KEY_A "x\n",
	 "t.conf:4: error: public_key has 45 characters, a key is 44 characters of base64; the "
	 "peer's \"p2pnet pubkey\" prints its\n"},
	{SELF "[peer a]\npublic_key = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
	 "t.conf:4: error: public_key AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= is a point of "
	 "low order, nobody's key; ask the peer for its own\n"},
	{SELF "[peer a]\npublic_key = AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
	 "t.conf:4: error: public_key AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= is a point of "
	 "low order, nobody's key; ask the peer for its own\n"},
	{SELF PEER_A "preshared_key = hush\n",
	 "t.conf:5: error: preshared_key has 4 characters, a key is 44 characters of base64; "
	 "\"p2pnet genpsk\" makes one, the same for both ends\n"},
	{SELF PEER_A "preshared_key_file = good.key\npreshared_key = " PSK "\n",
	 "t.conf:5: error: there are both preshared_key (line 6) and preshared_key_file; delete "
	 "one of them\n"},
	{SELF PEER_A "preshared_key_file = open.key\n",
	 "t.conf:5: error: open.key may be used by others than its owner (mode 0644); chmod 600 "
	 "open.key\n"},
};

#define OR_PROXY                                                                      \
	"; write http://proxy.example.net:3128 or "                                   \
	"http://user:password@proxy.example.net:3128\n"
#define BAD_LOGIN                                                                     \
	"has a user or password that cannot be one; write other characters than "     \
	"letters and digits as %XX"

static const struct row values[] = {
	{SELF "address = 10.77.0.256/24\n",
	 "t.conf:3: error: address \"10.77.0.256/24\" is not an address with an optional prefix "
	 "length; write it as 10.77.0.1/24 or fd00::1/64\n"},
	{SELF "address = 10.77.0.1/33, fd00::1/129\n",
	 "t.conf:3: error: address \"10.77.0.1/33\" is not an address with an optional prefix "
	 "length; write it as 10.77.0.1/24 or fd00::1/64\n"
	 "t.conf:3: error: address \"fd00::1/129\" is not an address with an optional prefix "
	 "length; write it as 10.77.0.1/24 or fd00::1/64\n"},
	{SELF "address = 10.77.0.1/24 10.78.0.1/24\n",
	 "t.conf:3: error: address \"10.77.0.1/24 10.78.0.1/24\" is not an address with an "
	 "optional prefix length; write it as 10.77.0.1/24 or fd00::1/64\n"},
	{SELF "address = 0.0.0.0/0\n",
	 "t.conf:3: error: address 0.0.0.0/0 is the unspecified address, which no machine of a "
	 "net can have; choose one as 10.77.0.1\n"},
	{SELF "address = 127.0.0.1/8, ff02::1/64\n",
	 "t.conf:3: error: address 127.0.0.1/8 is a loopback address, which no machine of a net "
	 "can have; choose one as 10.77.0.1\n"
	 "t.conf:3: error: address ff02::1/64 is a multicast address, which no machine of a net "
	 "can have; choose one as 10.77.0.1\n"},
	{SELF "address = 10.77.0.1/24, 10.77.0.1/32\n",
	 "t.conf:3: error: address 10.77.0.1/32 is given twice; delete one\n"},
	{SELF "address = 10.77.0.1/24                                                 x\n",
	 "t.conf:3: error: address \"10.77.0.1/24                                                 "
	 "x\" is not an address with an optional prefix length; write it as 10.77.0.1/24 or "
	 "fd00::1/64\n"},
	{SELF "name = my laptop\n",
	 "t.conf:3: error: name \"my laptop\" is not a name; use 1 to 63 letters, digits, \"-\", "
	 "\"_\", \".\"\n"},
	{SELF "device = wireguard-device0\n",
	 "t.conf:3: error: device \"wireguard-device0\" cannot be a device's name; use at most 15 "
	 "characters, without blanks and \"/\", \":\", \"%\"\n"},
	{SELF "device = a/b\n",
	 "t.conf:3: error: device \"a/b\" cannot be a device's name; use at most 15 characters, "
	 "without blanks and \"/\", \":\", \"%\"\n"},
	{SELF "listen_port = 0\nfwmark = -1\n",
	 "t.conf:3: error: listen_port \"0\" is not 1 to 65535; without the line it is derived "
	 "from the key\n"
	 "t.conf:4: error: fwmark \"-1\" is not off, a number, or one as 0xca6c\n"},
	{SELF "listen_port = 65536\n",
	 "t.conf:3: error: listen_port \"65536\" is not 1 to 65535; without the line it is "
	 "derived from the key\n"},
	{SELF "offload = tun-gso, gro\n",
	 "t.conf:3: error: offload \"tun-gso, gro\" is not auto, off, or some of tun-gso, tun-gro, "
	 "udp-gso and udp-gro\n"},
	{SELF "offload = auto off\n",
	 "t.conf:3: error: offload \"auto off\" is not auto, off, or some of tun-gso, tun-gro, "
	 "udp-gso and udp-gro\n"},
	{SELF "queues = 0\n", "t.conf:3: error: queues \"0\" is not 1 to 4\n"},
	{SELF "queues = 5\n", "t.conf:3: error: queues \"5\" is not 1 to 4\n"},
	{SELF "queues = auto\n", "t.conf:3: error: queues \"auto\" is not 1 to 4\n"},
	{SELF "mtu = 575\n",
	 "t.conf:3: error: mtu \"575\" is not 576 to 65456; \"auto\" is right for most nets\n"},
	{SELF "mtu = 65457\n",
	 "t.conf:3: error: mtu \"65457\" is not 576 to 65456; \"auto\" is right for most nets\n"},
	{SELF "mtu = 1400 bytes\n",
	 "t.conf:3: error: mtu \"1400 bytes\" is not 576 to 65456; \"auto\" is right for most "
	 "nets\n"},
	{SELF "mtu = 576\n",
	 "t.conf:3: warning: mtu 576 is below 1280: IPv6, which every net has, will not work; use "
	 "1280 or more\n"},
	{SELF "table = main\n",
	 "t.conf:3: error: table \"main\" is not auto, off or a routing table's number; names are "
	 "in /etc/iproute2/rt_tables with their numbers\n"},
	{SELF "table = 0\n",
	 "t.conf:3: error: table \"0\" is not auto, off or a routing table's number; names are in "
	 "/etc/iproute2/rt_tables with their numbers\n"},
	{SELF "fwmark = 0xfffffffff\n",
	 "t.conf:3: error: fwmark \"0xfffffffff\" is not off, a number, or one as 0xca6c\n"},
	{SELF "fwmark = 0x\n",
	 "t.conf:3: error: fwmark \"0x\" is not off, a number, or one as 0xca6c\n"},
	{SELF "lan = maybe\n", "t.conf:3: error: lan \"maybe\" is not yes or no\n"},
	{SELF "log_level = loud\n",
	 "t.conf:3: error: log_level \"loud\" is not error, warn, info, debug or trace\n"},
	{SELF PEER_A "ip = 10.77.0.0/24\n",
	 "t.conf:5: error: ip 10.77.0.0/24 is a network, ip is the peer's own address; write it "
	 "without \"/24\", and networks behind the peer as allowed_ips\n"},
	{SELF PEER_A "ip = 224.0.0.1\n",
	 "t.conf:5: error: ip 224.0.0.1 is a multicast address, which no machine of a net can "
	 "have; choose one as 10.77.0.1\n"},
	{SELF PEER_A "allowed_ips = 192.168.40.0/240\n",
	 "t.conf:5: error: allowed_ips \"192.168.40.0/240\" is not a network; write it as "
	 "192.168.40.0/24 or fd00::/64, several with commas between\n"},
	{SELF PEER_A "allowed_ips = office\n",
	 "t.conf:5: error: allowed_ips \"office\" is not a network; write it as 192.168.40.0/24 "
	 "or fd00::/64, several with commas between\n"},
	{SELF PEER_A "allowed_ips = 192.168.40.7/24\n",
	 "t.conf:5: warning: allowed_ips 192.168.40.7/24 has bits behind the prefix; taken as "
	 "192.168.40.0/24, write that (or /32 for the one machine)\n"},
	{SELF PEER_A "keepalive = often\n",
	 "t.conf:5: error: keepalive \"often\" is not yes, no or 0 to 65535 seconds; 25 suits "
	 "most NATs\n"},
	{SELF PEER_A "keepalive = 65536\n",
	 "t.conf:5: error: keepalive \"65536\" is not yes, no or 0 to 65535 seconds; 25 suits "
	 "most NATs\n"},
	{SELF PEER_A "endpoint = nas.example.net\n",
	 "t.conf:5: error: endpoint \"nas.example.net\" has no port; write host:51820, "
	 "192.0.2.1:51820 or [2001:db8::1]:51820\n"},
	{SELF PEER_A "endpoint = 2001:db8::1:51820\n",
	 "t.conf:5: error: endpoint \"2001:db8::1:51820\" is an IPv6 address without brackets; "
	 "write host:51820, 192.0.2.1:51820 or [2001:db8::1]:51820\n"},
	{SELF PEER_A "endpoint = [2001:db8::1]\n",
	 "t.conf:5: error: endpoint \"[2001:db8::1]\" has no port; write host:51820, "
	 "192.0.2.1:51820 or [2001:db8::1]:51820\n"},
	{SELF PEER_A "endpoint = [2001:db8::1:51820\n",
	 "t.conf:5: error: endpoint \"[2001:db8::1:51820\" lacks the ]; write host:51820, "
	 "192.0.2.1:51820 or [2001:db8::1]:51820\n"},
	{SELF PEER_A "endpoint = [192.0.2.1]:51820\n",
	 "t.conf:5: error: endpoint \"[192.0.2.1]:51820\" has no IPv6 address in its brackets; "
	 "write host:51820, 192.0.2.1:51820 or [2001:db8::1]:51820\n"},
	{SELF PEER_A "endpoint = [2001:db8::1%eth0]:51820\n",
	 "t.conf:5: error: endpoint \"[2001:db8::1%eth0]:51820\" has no IPv6 address in its "
	 "brackets; write host:51820, 192.0.2.1:51820 or [2001:db8::1]:51820\n"},
	{SELF PEER_A "endpoint = nas.example.net:0\n",
	 "t.conf:5: error: endpoint \"nas.example.net:0\" has a port that is not 1 to 65535; "
	 "write host:51820, 192.0.2.1:51820 or [2001:db8::1]:51820\n"},
	{SELF PEER_A "endpoint = nas.example.net:65536\n",
	 "t.conf:5: error: endpoint \"nas.example.net:65536\" has a port that is not 1 to 65535; "
	 "write host:51820, 192.0.2.1:51820 or [2001:db8::1]:51820\n"},
	{SELF PEER_A "endpoint = :51820\n",
	 "t.conf:5: error: endpoint \":51820\" has no host before the port; write host:51820, "
	 "192.0.2.1:51820 or [2001:db8::1]:51820\n"},
	{SELF PEER_A "endpoint = n\xc3\xa4s.example.net:51820\n",
	 "t.conf:5: error: endpoint \"n\xc3\xa4s.example.net:51820\" has a host name that is "
	 "none: letters, digits and -, 63 between two dots and 253 in all (a name of other "
	 "letters in its xn-- form); write host:51820, 192.0.2.1:51820 or [2001:db8::1]:51820\n"},
	{SELF PEER_A "endpoint = nas..net:51820\n",
	 "t.conf:5: error: endpoint \"nas..net:51820\" has a host name that is none: letters, "
	 "digits and -, 63 between two dots and 253 in all (a name of other letters in its xn-- "
	 "form); write host:51820, 192.0.2.1:51820 or [2001:db8::1]:51820\n"},
	{SELF PEER_A "endpoint = 192.0.2.256:51820\n",
	 "t.conf:5: error: endpoint \"192.0.2.256:51820\" has no valid IPv4 address; write "
	 "host:51820, 192.0.2.1:51820 or [2001:db8::1]:51820\n"},
	{SELF PEER_A "endpoint = 0.0.0.0:51820\n",
	 "t.conf:5: error: endpoint \"0.0.0.0:51820\" is the unspecified or a multicast address, "
	 "where nobody can be; write host:51820, 192.0.2.1:51820 or [2001:db8::1]:51820\n"},
	{SELF PEER_A "endpoint = [ff02::1]:51820\n",
	 "t.conf:5: error: endpoint \"[ff02::1]:51820\" is the unspecified or a multicast "
	 "address, where nobody can be; write host:51820, 192.0.2.1:51820 or "
	 "[2001:db8::1]:51820\n"},
	{SELF RENDEZVOUS "engine = mqtt\n",
	 "t.conf:6: error: engine \"mqtt\" is not supported, there is only builtin; delete the "
	 "line\n"},
	{SELF RENDEZVOUS "preshared_key = abc\n",
	 "t.conf:6: error: preshared_key has 3 characters, a key is 44 characters of base64; ask "
	 "who runs the rendezvous for the one that it was given\n"},
	{SELF "[rendezvous]\nurl = tls://r.example.net:0\npublic_key = " KEY_B "\n",
	 "t.conf:4: error: url \"tls://r.example.net:0\" has a port that is not 1 to 65535; write "
	 "tls://host, tls://host:443 or tls://[2001:db8::1]:443\n"},
	{SELF "[rendezvous]\nurl = tls://\npublic_key = " KEY_B "\n",
	 "t.conf:4: error: url \"tls://\" has no host before the port; write "
	 "tls://host, tls://host:443 or tls://[2001:db8::1]:443\n"},
	{SELF "[rendezvous]\nurl = r.example.net:4901\npublic_key = " KEY_B "\n",
	 "t.conf:4: error: url \"r.example.net:4901\" is not udp://HOST:PORT or "
	 "tls://HOST:PORT\n"},
	{SELF "[rendezvous]\nurl = udp://r.example.net\npublic_key = " KEY_B "\n",
	 "t.conf:4: error: url \"udp://r.example.net\" has no port; write udp://host:4901, "
	 "udp://192.0.2.1:4901 or udp://[2001:db8::1]:4901\n"},
	{SELF "[rendezvous]\nurl = udp://r:1\npublic_key = xyz\n",
	 "t.conf:5: error: public_key has 3 characters, a key is 44 characters of base64; "
	 "\"p2pnet rendezvous\" prints its\n"},
	{SELF "[nat]\nstun = a.example.net:0, stun.example.net\n",
	 "t.conf:4: error: stun \"a.example.net:0\" has a port that is not 1 to 65535; write "
	 "stun.example.net, stun.example.net:3478 or [2001:db8::1]:3478\n"},
	{SELF "[nat]\nstun = 2001:db8::1\n",
	 "t.conf:4: error: stun \"2001:db8::1\" is an IPv6 address without brackets; write "
	 "stun.example.net, stun.example.net:3478 or [2001:db8::1]:3478\n"},
	{SELF "[nat]\nstun = [2001:db8::1\n",
	 "t.conf:4: error: stun \"[2001:db8::1\" lacks the ]; write stun.example.net, "
	 "stun.example.net:3478 or [2001:db8::1]:3478\n"},
	{SELF "[nat]\nupnp = maybe\n", "t.conf:4: error: upnp \"maybe\" is not yes or no\n"},
	{SELF "[nat]\npcp = 1\n", "t.conf:4: error: pcp \"1\" is not yes or no\n"},
	{SELF "[nat]\nnatpmp =\n", "t.conf:4: error: natpmp has no value; give it one or delete the line\n"},
	{SELF "[nat]\nrelay_rate = 0\n",
	 "t.conf:4: error: relay_rate \"0\" is not 1 to 100000 Mbit/s, or \"unlimited\"\n"},
	{SELF "[nat]\nrelay_rate = 100001\n",
	 "t.conf:4: error: relay_rate \"100001\" is not 1 to 100000 Mbit/s, or \"unlimited\"\n"},
	{SELF "[nat]\ntcp = udp\n", "t.conf:4: error: tcp \"udp\" is not yes or no\n"},
	{SELF "[nat]\nproxy = proxy.example.net:3128\n",
	 "t.conf:4: error: proxy does not begin with http://" OR_PROXY},
	{SELF "[nat]\nproxy = https://proxy:3128\n",
	 "t.conf:4: error: proxy does not begin with http://" OR_PROXY},
	{SELF "[nat]\nproxy = http://proxy\n",
	 "t.conf:4: error: proxy has no port" OR_PROXY},
	{SELF "[nat]\nproxy = http://:3128\n",
	 "t.conf:4: error: proxy has no host before the port" OR_PROXY},
	{SELF "[nat]\nproxy = http://proxy:3128/x\n",
	 "t.conf:4: error: proxy has a port that is not 1 to 65535" OR_PROXY},
	{SELF "[nat]\nproxy = http://me:p w@proxy:1\n",
	 "t.conf:4: error: proxy " BAD_LOGIN OR_PROXY},
	{SELF "[nat]\nproxy = http://a@b@proxy:1\n",
	 "t.conf:4: error: proxy " BAD_LOGIN OR_PROXY},
	{SELF "[nat]\nproxy = http://(hidden)@proxy:1\n",
	 "t.conf:4: error: proxy " BAD_LOGIN OR_PROXY},
	{SELF "[nat]\nproxy = http://m%3ae:pw@proxy:1\n",
	 "t.conf:4: error: proxy " BAD_LOGIN OR_PROXY},
	{SELF "[nat]\nproxy = http://me:%0d%0a@proxy:1\n",
	 "t.conf:4: error: proxy " BAD_LOGIN OR_PROXY},
	{SELF "[nat]\nproxy = http://me:%4@proxy:1\n",
	 "t.conf:4: error: proxy " BAD_LOGIN OR_PROXY},
	{SELF "[nat]\nproxy = http://me:%zz@proxy:1\n",
	 "t.conf:4: error: proxy " BAD_LOGIN OR_PROXY},
	{SELF "[nat]\nproxy = http://@proxy:1\n",
	 "t.conf:4: error: proxy " BAD_LOGIN OR_PROXY},
	{SELF "[nat]\npunch_rate = 2001\n",
	 "t.conf:4: error: punch_rate \"2001\" is not 0 to 2000 datagrams a second, or \"no\"\n"},
	{SELF "[nat]\nstun = a, b:1\nstun = A:3478, b\n",
	 "t.conf:5: error: stun A:3478 is given twice; delete one\n"},
	{SELF "[nat]\nstun = a, b, c, d, e, f, g, h, i\n",
	 "t.conf:4: error: stun i is one too many; 8 servers are enough\n"},
	{SELF TURN "turn = relay.example.net\n",
	 "t.conf:6: error: turn \"relay.example.net\" does not begin with turn: or turns:; " REMEDY},
	{SELF TURN "turn = turn://relay.example.net\n",
	 "t.conf:6: error: turn \"turn://relay.example.net\" has // in front of the host, where there is "
	 "none; " REMEDY},
	{SELF TURN "turn = turn:r:0\n",
	 "t.conf:6: error: turn \"turn:r:0\" has a port that is not 1 to 65535; " REMEDY},
	{SELF TURN "turn = turn:r?transport=sctp\n",
	 "t.conf:6: error: turn \"turn:r?transport=sctp\" has something else than transport=udp or "
	 "transport=tcp behind the ?; " REMEDY},
	{SELF TURN "turn = turns:r?transport=udp\n",
	 "t.conf:6: error: turn \"turns:r?transport=udp\" wants TLS over UDP, which is not spoken here; "
	 REMEDY},
	{SELF TURN "turn = turn:a, turns:a, turn:A:3478?transport=tcp\n",
	 "t.conf:6: error: turn turn:A:3478?transport=tcp is given twice; delete one\n"},
	{SELF TURN "turn = turn:a, turn:b, turn:c, turn:d, turn:e\n",
	 "t.conf:6: error: turn turn:e is one too many; 4 servers are enough\n"},
	{SELF "[nat]\nturn_password_file = no.pw\n",
	 "t.conf:4: error: no.pw cannot be read: No such file or directory; write the secret there, and "
	 "umask 077 keeps it yours\n"},
	{SELF "[nat]\nturn_ca = no.pem\n",
	 "t.conf:4: error: turn_ca no.pem cannot be read: No such file or directory\n"},
	{SELF PEER_A "path = relay\n",
	 "t.conf:5: error: path \"relay\" is not auto, direct-only or relay-only\n"},
	{SELF "cipher = aes256gcm\n",
	 "t.conf:3: error: this CPU has no instructions for AES, which cipher = aes256gcm needs; "
	 "make it auto or chacha20\n"},
	{SELF "cipher = aes\n", "t.conf:3: error: cipher \"aes\" is not auto, chacha20 or aes256gcm\n"},
	{SELF PEER_A "cipher = yes\n",
	 "t.conf:5: error: cipher \"yes\" is not auto, chacha20 or aes256gcm\n"},
};

static const struct row wholes[] = {
	{SELF "[nat]\nturn = turn:a\n",
	 "t.conf:4: error: turn wants a user; add turn_user = NAME, as the server knows you\n"
	 "t.conf:4: error: turn wants a password; add turn_password_file = FILE with the password on its "
	 "first line, or turn_secret_file with the secret that the server makes passwords of\n"},
	{SELF TURN "turn_secret_file = turn.pw\nturn = turn:a\n",
	 "t.conf:6: error: there are both turn_password_file (line 5) and turn_secret_file; delete one of "
	 "them\n"},
	{SELF PEER_A "endpoint = a:1\npath = relay-only\n",
	 "t.conf:5: error: the endpoint would be called without a relay, which path = relay-only (line 6) "
	 "forbids; delete one of them\n"},
	{SELF RENDEZVOUS RENDEZVOUS,
	 "t.conf:6: error: [rendezvous] is the same as the one at t.conf:3; delete one of the two\n"},
	{SELF "[rendezvous r]\nurl = udp://a:1\npublic_key = " KEY_B "\n"
	 "[rendezvous R]\nurl = udp://b:1\npublic_key = " KEY_B "\n",
	 "t.conf:6: error: there are two rendezvous \"R\", the other at t.conf:3; give one of them "
	 "another name\n"},
	{SELF "[rendezvous]\nurl = udp://a:1\npublic_key = " SELF_PUBLIC "\n",
	 "t.conf:3: error: [rendezvous] has this node's own public_key; give the rendezvous a key "
	 "of its own\n"},
	{SELF PEER_A "[peer b]\npublic_key = " KEY_A "\n",
	 "t.conf:5: error: [peer b] has the same public_key as [peer a] (t.conf:3); every machine "
	 "has its own: delete one of the two\n"},
	{SELF PEER_A PEER_B "[peer c]\npublic_key = " KEY_A "\n",
	 "t.conf:7: error: [peer c] has the same public_key as [peer a] (t.conf:3); every machine "
	 "has its own: delete one of the two\n"},
	{SELF "[peer]\npublic_key = " KEY_A "\n[peer]\npublic_key = " KEY_A "\n",
	 "t.conf:5: error: [peer r/+9xlHb] has the same public_key as [peer r/+9xlHb] (t.conf:3); "
	 "every machine has its own: delete one of the two\n"},
	{SELF "[peer a]\npublic_key = " SELF_PUBLIC "\n",
	 "t.conf:3: error: [peer a] has this node's own public_key; delete the section, or give "
	 "each machine a key of its own\n"},
	{SELF PEER_A "[peer A]\npublic_key = " KEY_B "\n",
	 "t.conf:5: error: there are two peers \"A\", the other at t.conf:3; give one of them "
	 "another name\n"},
	{SELF PEER_A "allowed_ips = 192.168.40.0/24\n" PEER_B
		     "allowed_ips = 10.0.0.0/8, 192.168.40.0/24\n",
	 "t.conf:8: error: 192.168.40.0/24 of [peer b] belongs to [peer a] already (t.conf:5); "
	 "packets to it can go to one peer only: take it away from the other\n"},
	{SELF "address = 10.77.0.1/24\n" PEER_A "ip = 10.77.0.1\n",
	 "t.conf:6: error: 10.77.0.1 of [peer a] is this node's own address (t.conf:3); give one "
	 "of the two another\n"},
	{SELF PEER_A "ip = 10.77.0.2\n" PEER_B "allowed_ips = 10.77.0.2/32\n",
	 "t.conf:8: error: 10.77.0.2/32 of [peer b] belongs to [peer a] already (t.conf:5); "
	 "packets to it can go to one peer only: take it away from the other\n"},
	{PEER_A "ip = 10.77.0.1\n" SELF "address = 10.77.0.1/24\n",
	 "t.conf:3: error: 10.77.0.1 of [peer a] is this node's own address (t.conf:6); give one "
	 "of the two another\n"},
};

static void expect(const struct row *rows, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		struct config *c;
		char *says;

		scratch_write("turn.pw", "a password\n");
		scratch_write("t.conf", rows[i].text);
		says = scratch_report("t.conf", &c);
		if (strcmp(says, rows[i].says) != 0)
			print_error("%s\n---- says\n%s---- not\n%s\n", rows[i].text, says,
				    rows[i].says);
		assert_string_equal(says, rows[i].says);
		assert_int_equal(c == NULL, strstr(says, "error:") != NULL);
		free(says);
		config_free(c);
	}
}

#define EXPECT(rows) expect(rows, sizeof(rows) / sizeof((rows)[0]))

static void the_structure_of_a_file(void **state)
{
	(void)state;
	EXPECT(structure);
}

static void keys_and_key_files(void **state)
{
	(void)state;
	EXPECT(keys);
}

static void what_stands_behind_the_equals_sign(void **state)
{
	(void)state;
	EXPECT(values);
}

static void what_only_the_whole_shows(void **state)
{
	(void)state;
	EXPECT(wholes);
}

static void expect_one(const char *path, const char *want)
{
	struct config *c;
	char *says = scratch_report(path, &c);

	assert_string_equal(says, want);
	assert_int_equal(c == NULL, strstr(says, "error:") != NULL);
	free(says);
	config_free(c);
}

static void a_secret_in_a_file_for_all_is_refused_once(void **state)
{
	(void)state;
	scratch_write_bytes("t.conf", SELF PEER_A "preshared_key = " PSK "\n",
			    strlen(SELF PEER_A "preshared_key = " PSK "\n"), 0644);
	expect_one("t.conf",
		   "t.conf:2: error: private_key stands in a file that everybody may read (mode "
		   "0644); chmod 600 t.conf, or use private_key_file\n");
	assert_int_equal(chmod("t.conf", 0640), 0);
	expect_one("t.conf", "");
}

static void so_is_a_password_for_the_proxy(void **state)
{
	static const char text[] = "[interface]\nprivate_key_file = good.key\n"
				   "[nat]\nproxy = http://me:pw@proxy:3128\n";

	(void)state;
	scratch_write_bytes("t.conf", text, strlen(text), 0644);
	expect_one("t.conf", "t.conf:4: error: a password for the proxy stands in a file that "
			     "everybody may read (mode 0644); chmod 600 t.conf\n");
	assert_int_equal(chmod("t.conf", 0640), 0);
	expect_one("t.conf", "");
}

static void a_file_that_holds_no_secret_may_be_for_all(void **state)
{
	(void)state;
	scratch_write_bytes("t.conf", "[interface]\nprivate_key_file = good.key\n", 40, 0644);
	expect_one("t.conf", "");
}

static void what_cannot_be_read_is_named(void **state)
{
	(void)state;
	assert_int_equal(mkdir("dir.conf", 0700), 0);
	assert_int_equal(mkfifo("pipe.conf", 0600), 0);
	expect_one("none.conf",
		   "none.conf: error: cannot be read: No such file or directory; \"p2pnet "
		   "init\" makes a first one\n");
	expect_one("dir.conf",
		   "dir.conf: error: cannot be read: it is a folder; name its files, as "
		   "conf.d/*.conf\n");
	expect_one("pipe.conf", "pipe.conf: error: cannot be read: it is not a regular file\n");
}

static void the_file_name_must_do_as_a_net_name(void **state)
{
	(void)state;
	scratch_write("a-net-of-16-char.conf", SELF);
	scratch_write("my net.conf", SELF);
	scratch_write("a-net-of-15-cha.conf", SELF);
	expect_one(
		"a-net-of-16-char.conf",
		"a-net-of-16-char.conf: error: the net takes its name from the file, and "
		"\"a-net-of-16-char.conf\" cannot be one; rename the file to at most 15 characters "
		"before .conf, as home.conf\n");
	expect_one("my net.conf",
		   "my net.conf: error: the net takes its name from the file, and \"my net.conf\" "
		   "cannot "
		   "be one; rename the file to at most 15 characters before .conf, as home.conf\n");
	expect_one("a-net-of-15-cha.conf", "");
}

static void a_nul_byte_is_no_text(void **state)
{
	static const char utf16[] = "\xff\xfe[\0i\0n\0t\0\n\0";

	(void)state;
	scratch_write_bytes("t.conf", utf16, sizeof(utf16) - 1, 0600);
	expect_one("t.conf",
		   "t.conf:1: error: there is a NUL byte, so this is not text (UTF-16?); save it "
		   "as UTF-8\n"
		   "t.conf: error: there is no [interface] section; add one, and "
		   "private_key_file = FILE below it\n");
}

static void a_line_beyond_64_kb_is_skipped_and_the_rest_read(void **state)
{
	static char text[70000];
	size_t len = strlen(SELF "name = ");

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, SELF "name = ", len);
	memcpy(text + sizeof(text) - 8, "\nmtu = 1", 8);
	scratch_write_bytes("t.conf", text, sizeof(text), 0600);
	expect_one("t.conf",
		   "t.conf:3: error: the line is longer than 65536 bytes; lists may go on in a "
		   "second line of the same key\n"
		   "t.conf:4: error: mtu \"1\" is not 576 to 65456; \"auto\" is right for most "
		   "nets\n");
}

static void a_name_too_long_for_inih_is_not_shown(void **state)
{
	char text[600], name[301];

	(void)state;
	memset(name, 'n', 300);
	name[300] = '\0';
	snprintf(text, sizeof(text), "%s%s = 1\n", SELF, name);
	scratch_write("t.conf", text);
	expect_one("t.conf",
		   "t.conf:3: error: \"(a long word)\" begins no line that is understood; "
		   "expected key = value, [section], or a comment after #\n");
}

/* Labels, hosts and addresses that fit into no buffer of ours. */
static void what_is_too_long_is_refused(void **state)
{
	char text[1024], word[401];

	(void)state;
	memset(word, 'h', 400);
	word[400] = '\0';
	snprintf(text, sizeof(text), SELF PEER_A "endpoint = %s:51820\n", word);
	scratch_write("t.conf", text);
	snprintf(text, sizeof(text),
		 "t.conf:5: error: endpoint \"%.64s\" is longer than a host name can be; write "
		 "host:51820, 192.0.2.1:51820 or [2001:db8::1]:51820\n", word);
	expect_one("t.conf", text);
	snprintf(text, sizeof(text), SELF PEER_A "endpoint = %.64s:51820\n", word);
	scratch_write("t.conf", text);
	expect_one("t.conf",
		   "t.conf:5: error: endpoint "
		   "\"hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh\" has a "
		   "host name "
		   "that is none: letters, digits and -, 63 between two dots and 253 in all (a "
		   "name of "
		   "other letters in its xn-- form); write host:51820, 192.0.2.1:51820 or "
		   "[2001:db8::1]:51820\n");
	snprintf(text, sizeof(text), SELF "address = 10.77.0.1/24 ,, %s\n", word);
	scratch_write("t.conf", text);
	expect_one("t.conf",
		   "t.conf:3: error: "
		   "\"hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh...\" is "
		   "too long for one item; items are separated by commas\n");
	snprintf(text, sizeof(text), SELF "[peer %.64s]\npublic_key = " KEY_A "\n", word);
	scratch_write("t.conf", text);
	expect_one("t.conf", "t.conf:3: error: "
			     "\"hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh\" "
			     "is not a name; use 1 to 63 letters, digits, \"-\", \"_\", \".\"\n");
}

/* Files of /proc have a size of 0. */
static void a_file_that_claims_to_be_empty_is_read_to_its_end(void **state)
{
	(void)state;
	scratch_write("t.conf", SELF "include = /proc/sys/kernel/ostype\n");
	expect_one("t.conf",
		   "/proc/sys/kernel/ostype:1: error: \"Linux\" begins no line that is understood; "
		   "expected key = value, [section], or a comment after #\n");
}

static const char locked_says[] = "t.conf:2: error: locked.key cannot be read: Permission denied; "
				  "run as root or as the owner of the "
				  "file\n"
				  "t.conf:3: error: include locked.inc: permission denied; run as "
				  "root or as a user who may read it\n";

/* As nobody, in a folder of root's. */
static int load_as_nobody(void)
{
	struct config *c;

	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 2;
	return strcmp(scratch_report("t.conf", &c), locked_says) == 0 && !c ? 0 : 1;
}

static void what_belongs_to_root_is_not_for_nobody(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	scratch_write("locked.key", PSK "\n");
	scratch_write("locked.inc", PEER_A);
	scratch_write("t.conf",
		      "[interface]\nprivate_key_file = locked.key\ninclude = locked.inc\n");
	assert_int_equal(chmod("t.conf", 0644) | chmod(".", 0755), 0);
	pid = fork();
	if (pid == 0)
		_exit(load_as_nobody());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_terminal_gets_no_control_characters(void **state)
{
	(void)state;
	scratch_write("t.conf", SELF "name = a\033[2Jb\n");
	expect_one("t.conf",
		   "t.conf:3: error: name \"a?[2Jb\" is not a name; use 1 to 63 letters, digits, "
		   "\"-\", \"_\", \".\"\n");
}

static void a_file_full_of_errors_is_cut_short(void **state)
{
	static char text[4000];
	struct config_report report;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "x\n", 2);
	scratch_write_bytes("t.conf", text, sizeof(text), 0600);
	assert_null(config_load("t.conf", &report));
	assert_int_equal(report.errors, 2001);
	assert_int_equal(report.len, 501);
	assert_string_equal(report.problems[500].text, "there are more problems than these");
	config_report_free(&report);
}

static int with_key_files(void **state)
{
	if (scratch_enter(state) != 0)
		return -1;
	scratch_write("good.key", PSK "\n");
	scratch_write_bytes("open.key", PSK, strlen(PSK), 0644);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_structure_of_a_file),
		cmocka_unit_test(keys_and_key_files),
		cmocka_unit_test(what_stands_behind_the_equals_sign),
		cmocka_unit_test(what_only_the_whole_shows),
		cmocka_unit_test(a_secret_in_a_file_for_all_is_refused_once),
		cmocka_unit_test(so_is_a_password_for_the_proxy),
		cmocka_unit_test(a_file_that_holds_no_secret_may_be_for_all),
		cmocka_unit_test(what_cannot_be_read_is_named),
		cmocka_unit_test(the_file_name_must_do_as_a_net_name),
		cmocka_unit_test(a_nul_byte_is_no_text),
		cmocka_unit_test(a_line_beyond_64_kb_is_skipped_and_the_rest_read),
		cmocka_unit_test(a_name_too_long_for_inih_is_not_shown),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(a_file_that_claims_to_be_empty_is_read_to_its_end),
		cmocka_unit_test(what_belongs_to_root_is_not_for_nobody),
		cmocka_unit_test(a_terminal_gets_no_control_characters),
		cmocka_unit_test(a_file_full_of_errors_is_cut_short),
	};

	return cmocka_run_group_tests(tests, with_key_files, scratch_leave);
}
