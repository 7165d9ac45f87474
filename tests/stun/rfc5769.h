/* rfc5769.h -- the test vectors of RFC 5769, and of RFC 8489 appendix B.1.
 *
 * The one of RFC 8489 is not as printed, which is wrong in its USERHASH and so
 * in its MESSAGE-INTEGRITY-SHA256, but recomputed for what the text says it is.
 */
#ifndef TESTS_STUN_RFC5769_H
#define TESTS_STUN_RFC5769_H

#define VECTOR_PASSWORD "VOkJxbRl1RmTxUk/WvJxBt" /* of the first three */
#define VECTOR_ID "b7e7a701bc34d686fa87dfae"

#define VECTOR_REQUEST                               /* section 2.1; pads with spaces */           \
	"0001 0058 2112a442" VECTOR_ID               /* Binding request, 88 bytes follow */        \
	"8022 0010 5354554e207465737420636c69656e74" /* SOFTWARE: STUN test client */              \
	"0024 0004 6e0001ff"                         /* PRIORITY */                                \
	"8029 0008 932ff9b151263b36"                 /* ICE-CONTROLLED */                          \
	"0006 0009 6576746a3a68367659 202020"        /* USERNAME: evtj:h6vY */                     \
	"0008 0014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"                                       \
	"8028 0004 e57a3bcf"

#define VECTOR_RESPONSE4 /* section 2.2 */                                                         \
	"0101 003c 2112a442" VECTOR_ID                                                             \
	"8022 000b 7465737420766563746f72 20" /* SOFTWARE: test vector, and a space */             \
	"0020 0008 0001 a147 e112a643"        /* 192.0.2.1:32853 */                                \
	"0008 0014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7"                                       \
	"8028 0004 c07d4c96"

#define VECTOR_RESPONSE6 /* section 2.3 */                                                         \
	"0101 0048 2112a442" VECTOR_ID "8022 000b 7465737420766563746f72 20"                       \
	"0020 0014 0002 a147 0113a9faa5d3f179bc25f4b5bed2b9d9" /* [2001:db8:1234:...]:32853 */     \
	"0008 0014 a382954e4be67bf11784c97c8292c275bfe3ed41"                                       \
	"8028 0004 c8fb0b4c"

#define VECTOR_USER "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9"
#define VECTOR_REALM "example.org"
#define VECTOR_LONG_TERM_PASSWORD "TheMatrIX" /* after OpaqueString */
#define VECTOR_LONG_TERM_ID "78ad3433c6ad72c029da412e"
#define VECTOR_LONG_TERM_NONCE "f//499k954d6OL34oL9FSTvy64sA"

#define VECTOR_LONG_TERM /* section 2.4 */                                                         \
	"0001 0060 2112a442" VECTOR_LONG_TERM_ID                                                   \
	"0006 0012 e3839ee38388e383aae38383e382afe382b9 0000"                                      \
	"0015 001c 662f2f3439396b39353464364f4c33346f4c39465354767936347341"                       \
	"0014 000b 6578616d706c652e6f7267 00"                                                      \
	"0008 0014 f67024656dd64a3e02b8e0712e85c9a28ca89666"

#define VECTOR_SHA256_NONCE "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"

#define VECTOR_SHA256 /* RFC 8489, B.1 */                                                          \
	"0001 0090 2112a442" VECTOR_LONG_TERM_ID "001e 0020 "                                      \
						 "4a3cf38fef6992bda952c6780417da0f24819415569e60b" \
						 "205c46e41407f1704" /* USERHASH */                \
	"0015 0029 6f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c39465354767936"   \
	"347341 000000"                                                                            \
	"0014 000b 6578616d706c652e6f7267 00"                                                      \
	"001d 0004 0002 0000" /* PASSWORD-ALGORITHM: SHA-256 */                                    \
	"001c 0020 b5c7bf005b6c52a21c51c5e892f81924136296cb927c43149309278cc6518e65"

#endif
