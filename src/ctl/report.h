/* report.h -- the status report: schema 1, stable. New keys may come, none goes.
 *
 *	{
 *	  "schema": 1, "net": "home", "version": "0.1.0", "pid": 4711,
 *	  "self": {
 *	    "name": "nas", "public_key": "...", "device": "p2p0", "mtu": 1400,
 *	    "addresses": ["10.77.0.1/24", "fd..../128"], "listen_port": 27123, "fwmark": 0,
 *	    "config": "/etc/p2pnet/home.conf", "since": "2026-01-02T03:04:05Z", "uptime_s": 12,
 *	    "aead": "openssl", "log_level": "info", "nat": "none" | "easy" | "hard" | "unknown",
 *	    "counters": {"bad_mac1": 0, ...}
 *	  },
 *	  "data_path": {
 *	    "ciphers": [{"suite": "chacha20" | "aes256gcm",
 *	      "engine": "openssl" | "libsodium" | "ipsec-mb" | "avx2" | "vaes",
 *	      "seal_ns": 1100, "open_ns": 1140}] (for 1420 bytes; 0: not measured),
 *	    "offloads": ["tun-gso", "tun-gro", "udp-gso", "udp-gro"] (those in effect),
 *	    "refused": [] (by the kernel), "tun_lacks": "USO4 USO6" | null (parts that it refused),
 *	    "threads": 1 (that encrypt), "helped": 0 (packets that others than the first of them did)
 *	  },
 *	  "rendezvous": [{
 *	    "name": "town", "url": "udp://rendezvous.example.net:4901" or "tls://...",
 *	    "state": "ok" | "connecting" | "no_answer" | "no_address" | "no_connection" | "stands_by",
 *	    "address": "192.0.2.9:4901" | null, "rtt_ms": 12 | null,
 *	    "reason": "bad_certificate" | "refused" | ... | null (of its last connection's end),
 *	    "why": (the same as a sentence) | null
 *	  }],
 *	  "peers": [{
 *	    "name": "laptop", "public_key": "...", "preshared_key": true,
 *	    "ips": ["10.77.0.2/32", "fd..../128"],
 *	    "state": "direct" | "relay" | "connecting" | "idle",
 *	    "path": {
 *	      "proto": "udp4" | "udp6" | "tcp4" ..., "relay": "turn:relay.example.net" | null,
 *	      "local": "192.0.2.1" | null, "remote": "192.0.2.2:27000",
 *	      "how": "configured" | "called_us" | "lan" | "found" | "punched" | "relayed",
 *	      "candidate_local": "host" | "srflx" | "prflx" | "relay" | null, "candidate_remote": (the same)
 *	    } | null,
 *	    "endpoint": "office.example.net:41999" | null,
 *	    "cipher": "aes256gcm" | "chacha20" | null (of its session),
 *	    "rtt_ms": 12 | null, "loss": 25 | null (percent of the path's last questions),
 *	    "rx_bytes": 0, "tx_bytes": 0, "queued": 0, "keepalive_s": 25 | null,
 *	    "last_handshake": "2026-01-02T03:04:05Z" | null, "handshake_age_s": 41 | null
 *	  }]
 *	}
 *
 * Times are RFC 3339 in UTC, bytes are numbers. Never a secret. This header has
 * the parts that both sides need: the reader's access to the report, with
 * defaults for what an older or newer daemon may leave out.
 */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include <stdint.h>
#include <time.h>

#include <jansson.h>

enum { REPORT_SCHEMA = 1, REPORT_TIME_TEXT = 32 };

char *report_time(char out[static REPORT_TIME_TEXT], time_t t);	/* "2026-01-02T03:04:05Z" */
char *report_time_ms(char out[static REPORT_TIME_TEXT], uint64_t wall_ms);	/* "...05.678Z" */
const char *report_text(const json_t *object, const char *key, const char *otherwise);
int64_t report_number(const json_t *object, const char *key, int64_t otherwise);

#endif
