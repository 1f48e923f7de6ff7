// SPDX-License-Identifier: GPL-2.0
/* Cases of kmod/selectors.c and kmod/flow.c: selectors as a request has them, packets as bytes. */

#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "netlink-gen.h"
#include "selectors.h"

#include <linux/err.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/slab.h>
#include <net/ip.h>

/* A request's nest, built attribute by attribute. */
struct nest {
	u8 bytes[16384];
	unsigned int used;
};

static struct netlink_ext_ack extack;

static unsigned int open_nest(struct nest *nest, u16 type)
{
	struct nlattr header = { .nla_type = type | NLA_F_NESTED };
	unsigned int at = nest->used;

	memcpy(nest->bytes + at, &header, sizeof(header));
	nest->used += sizeof(header);
	return at;
}

static void close_nest(struct nest *nest, unsigned int at)
{
	((struct nlattr *)(nest->bytes + at))->nla_len = nest->used - at;
}

static void put(struct nest *nest, u16 type, const void *value, unsigned int len)
{
	struct nlattr header = { .nla_type = type, .nla_len = NLA_HDRLEN + len };

	memcpy(nest->bytes + nest->used, &header, sizeof(header));
	if (len)
		memcpy(nest->bytes + nest->used + sizeof(header), value, len);
	nest->used += NLA_ALIGN(header.nla_len);
}

static void put_u16(struct nest *nest, u16 type, u16 value)
{
	put(nest, type, &value, sizeof(value));
}

static void put_u32(struct nest *nest, u16 type, u32 value)
{
	put(nest, type, &value, sizeof(value));
}

/* What a test says of one selector; zero is absent. */
struct want {
	u32 list;
	u32 proto;
	bool either;
	struct {
		u8 ipv4[4];
		u8 ipv6[16];
		u32 prefix;
		u16 port_min;
		u16 port_max;
	} end[2];
};

static void put_end(struct nest *nest, const struct want *want, unsigned int which)
{
	static const u8 zero[16];
	unsigned int at = open_nest(nest, which ? COLOOP_A_SELECTOR_TO : COLOOP_A_SELECTOR_FROM);

	if (memcmp(want->end[which].ipv4, zero, 4))
		put(nest, COLOOP_A_END_IPV4, want->end[which].ipv4, 4);
	if (memcmp(want->end[which].ipv6, zero, 16))
		put(nest, COLOOP_A_END_IPV6, want->end[which].ipv6, 16);
	if (want->end[which].prefix)
		put_u32(nest, COLOOP_A_END_PREFIX, want->end[which].prefix);
	if (want->end[which].port_min)
		put_u16(nest, COLOOP_A_END_PORT_MIN, want->end[which].port_min);
	if (want->end[which].port_max)
		put_u16(nest, COLOOP_A_END_PORT_MAX, want->end[which].port_max);
	close_nest(nest, at);
}

static void put_selector(struct nest *nest, const struct want *want)
{
	unsigned int at = open_nest(nest, COLOOP_A_SELECTORS_SELECTOR);

	put_u32(nest, COLOOP_A_SELECTOR_LIST, want->list);
	if (want->proto)
		put_u32(nest, COLOOP_A_SELECTOR_PROTO, want->proto);
	if (want->either)
		put(nest, COLOOP_A_SELECTOR_EITHER, NULL, 0);
	put_end(nest, want, 0);
	put_end(nest, want, 1);
	close_nest(nest, at);
}

static struct coloop_selectors *make(const struct want *wants, unsigned int count)
{
	static struct nest nest;
	unsigned int at, i;

	nest.used = 0;
	extack = (struct netlink_ext_ack){};
	at = open_nest(&nest, COLOOP_A_PEER_SELECTORS);
	put_u32(&nest, COLOOP_A_SELECTORS_ID, 77);
	for (i = 0; i < count; i++)
		put_selector(&nest, &wants[i]);
	close_nest(&nest, at);
	return coloop_selectors_make((struct nlattr *)nest.bytes, &extack);
}

/* Before the network header, so that it is aligned; as in the kernel. */
enum { HEAD = ETH_HLEN + 2 };

/* A packet, in memory of its size. */
static struct sk_buff packet_of(__be16 protocol, const void *bytes, unsigned int len)
{
	u8 *data = malloc(HEAD + len);

	memset(data, 0, HEAD);
	memcpy(data + HEAD, bytes, len);
	return (struct sk_buff){
		.protocol = htons(protocol),
		.len = HEAD + len,
		.network = HEAD,
		.data = data,
	};
}

/* 10.1.0.1 to 10.2.0.2, ports 40000 and 5432; @len bytes of it. */
static struct sk_buff packet4(u8 proto, u16 frag_off, unsigned int len)
{
	u8 bytes[40] = {
		0x45, 0, 0, 40, 0, 1, frag_off >> 8, frag_off & 0xff, 64, proto, 0, 0,
		10, 1, 0, 1, 10, 2, 0, 2, 40000 >> 8, 40000 & 0xff, 5432 >> 8, 5432 & 0xff,
	};

	return packet_of(ETH_P_IP, bytes, len);
}

/* fd00::1 to fd00::2 with @headers, whose last names what follows; the same ports after them. */
static struct sk_buff packet6(u8 next, const u8 *headers, unsigned int len)
{
	u8 bytes[128] = {
		0x60, 0, 0, 0, 0, 8, next, 64,
		0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	};
	static const u8 ports[] = { 40000 >> 8, 40000 & 0xff, 5432 >> 8, 5432 & 0xff };

	if (len)
		memcpy(bytes + 40, headers, len);
	memcpy(bytes + 40 + len, ports, sizeof(ports));
	return packet_of(ETH_P_IPV6, bytes, 40 + len + sizeof(ports));
}

static bool takes(const struct want *wants, unsigned int count, struct sk_buff skb)
{
	struct coloop_selectors *selectors = make(wants, count);
	struct coloop_flow flow;
	bool ret;

	if (!selectors || IS_ERR(selectors)) {
		free((void *)skb.data);
		return false;
	}
	coloop_flow_read(&flow, &skb);
	ret = coloop_selectors_take(selectors, &flow);
	kfree(selectors);
	free((void *)skb.data);
	return ret;
}

#define ONLY COLOOP_SELECTOR_LIST_ONLY
#define AND_ONLY COLOOP_SELECTOR_LIST_AND_ONLY
#define EXCEPT COLOOP_SELECTOR_LIST_EXCEPT
#define MF 0x2000

static const struct want postgres = { ONLY, IPPROTO_TCP, true, {{}, { .port_min = 5432 }} };
static const struct want not_postgres = { EXCEPT, IPPROTO_TCP, true, {{}, { .port_min = 5432 }} };

static void test_protocol_and_port(void)
{
	struct want want = postgres;

	expect(takes(&want, 1, packet4(IPPROTO_TCP, 0, 40)));
	expect(!takes(&want, 1, packet4(IPPROTO_UDP, 0, 40)));
	expect(!takes(&want, 1, packet4(IPPROTO_ICMP, 0, 40)));
	want.end[1].port_min = 5433;
	expect(!takes(&want, 1, packet4(IPPROTO_TCP, 0, 40)));
	want.end[1].port_min = 5000;
	want.end[1].port_max = 5431;
	expect(!takes(&want, 1, packet4(IPPROTO_TCP, 0, 40)));
	want.end[1].port_max = 5432;
	expect(takes(&want, 1, packet4(IPPROTO_TCP, 0, 40)));
	/* Without a protocol: any that has ports. */
	want.proto = 0;
	expect(takes(&want, 1, packet4(IPPROTO_UDP, 0, 40)));
	expect(takes(&want, 1, packet4(IPPROTO_SCTP, 0, 40)));
	expect(!takes(&want, 1, packet4(IPPROTO_ICMP, 0, 40)));
	/* And without a port, any at all. */
	want.end[1].port_min = want.end[1].port_max = 0;
	expect(takes(&want, 1, packet4(IPPROTO_ICMP, 0, 40)));
}

static void test_ways(void)
{
	struct want one_way = postgres, turned = postgres;
	struct want back = { ONLY, 0, true, {{ .ipv4 = { 10, 2, 0, 2 } }, { .ipv4 = { 10, 1, 0, 1 } }} };

	one_way.either = false;
	expect(takes(&one_way, 1, packet4(IPPROTO_TCP, 0, 40)));
	turned.end[0].port_min = 5432;
	turned.end[1].port_min = 0;
	expect(takes(&turned, 1, packet4(IPPROTO_TCP, 0, 40)));
	turned.either = false;
	expect(!takes(&turned, 1, packet4(IPPROTO_TCP, 0, 40)));
	expect(takes(&back, 1, packet4(IPPROTO_TCP, 0, 40)));
	back.either = false;
	expect(!takes(&back, 1, packet4(IPPROTO_TCP, 0, 40)));
	/* Both ends have to match the same way round. */
	turned.either = true;
	turned.end[1].port_min = 5432;
	expect(!takes(&turned, 1, packet4(IPPROTO_TCP, 0, 40)));
}

static void test_addresses(void)
{
	struct want want = { ONLY, 0, false, {{ .ipv4 = { 10, 1 }, .prefix = 16 }} };

	expect(takes(&want, 1, packet4(IPPROTO_TCP, 0, 40)));
	want.end[0].prefix = 31;
	expect(takes(&want, 1, packet4(IPPROTO_TCP, 0, 40)));
	want.end[0].prefix = 0;
	/* Absent is all of it: 10.1.0.0 alone. */
	expect(!takes(&want, 1, packet4(IPPROTO_TCP, 0, 40)));
	expect(!takes(&want, 1, packet6(IPPROTO_TCP, NULL, 0)));
	want.end[0].ipv4[3] = 1;
	expect(takes(&want, 1, packet4(IPPROTO_TCP, 0, 40)));
	want.end[1] = want.end[0];
	expect(!takes(&want, 1, packet4(IPPROTO_TCP, 0, 40)));
}

static void test_addresses6(void)
{
	struct want want = { ONLY, 0, false, {{}, { .ipv6 = { 0xfd, [15] = 2 } }} };

	expect(takes(&want, 1, packet6(IPPROTO_TCP, NULL, 0)));
	expect(!takes(&want, 1, packet4(IPPROTO_TCP, 0, 40)));
	want.end[1].ipv6[15] = 3;
	expect(!takes(&want, 1, packet6(IPPROTO_TCP, NULL, 0)));
	want.end[1].prefix = 127;
	expect(takes(&want, 1, packet6(IPPROTO_TCP, NULL, 0)));
	want.end[1].ipv6[11] = 1;
	want.end[1].prefix = 96;
	expect(!takes(&want, 1, packet6(IPPROTO_TCP, NULL, 0)));
	want.end[1].prefix = 95;
	expect(takes(&want, 1, packet6(IPPROTO_TCP, NULL, 0)));
}

static void test_lists(void)
{
	struct want tcp = { ONLY, IPPROTO_TCP, false, {} };
	struct want wants[3] = { tcp, postgres, not_postgres };

	expect(takes(wants, 2, packet4(IPPROTO_TCP, 0, 40)));
	expect(!takes(wants, 3, packet4(IPPROTO_TCP, 0, 40)));
	/* Of a list one has to match, and of each list one. */
	wants[1].end[1].port_min = 80;
	expect(takes(wants, 2, packet4(IPPROTO_TCP, 0, 40)));
	wants[1].list = AND_ONLY;
	expect(!takes(wants, 2, packet4(IPPROTO_TCP, 0, 40)));
	wants[1].end[1].port_min = 5432;
	expect(takes(wants, 2, packet4(IPPROTO_TCP, 0, 40)));
	/* Without any list that has to match, all others pass. */
	expect(takes(&not_postgres, 1, packet4(IPPROTO_UDP, 0, 40)));
	expect(!takes(&not_postgres, 1, packet4(IPPROTO_TCP, 0, 40)));
}

/* All fragments of a datagram, the first with its ports and the last, are told alike. */
static void test_fragments(void)
{
	struct want tcp = { ONLY, IPPROTO_TCP, false, {} };
	static const u16 parts[] = { MF, MF | 185, 185 };

	for (unsigned int i = 0; i < 3; i++) {
		expect(!takes(&postgres, 1, packet4(IPPROTO_TCP, parts[i], 40)));
		expect(!takes(&not_postgres, 1, packet4(IPPROTO_TCP, parts[i], 40)));
		expect(takes(&not_postgres, 1, packet4(IPPROTO_UDP, parts[i], 40)));
		expect(takes(&tcp, 1, packet4(IPPROTO_TCP, parts[i], 40)));
		expect(!takes(&tcp, 1, packet4(IPPROTO_UDP, parts[i], 40)));
	}
}

/* Where the ports should be, the packet ends: it cannot be told. */
static void test_short(void)
{
	for (unsigned int len = 20; len < 24; len++) {
		expect(!takes(&postgres, 1, packet4(IPPROTO_TCP, 0, len)));
		expect(!takes(&not_postgres, 1, packet4(IPPROTO_TCP, 0, len)));
	}
	expect(takes(&postgres, 1, packet4(IPPROTO_TCP, 0, 24)));
}

static void test_encrypted(void)
{
	struct want esp = { ONLY, IPPROTO_ESP, false, {} };
	struct want far = { EXCEPT, IPPROTO_TCP, false, {{ .ipv4 = { 10, 9, 0, 1 } }} };

	expect(!takes(&postgres, 1, packet4(IPPROTO_ESP, 0, 40)));
	expect(!takes(&not_postgres, 1, packet4(IPPROTO_ESP, 0, 40)));
	expect(!takes(&not_postgres, 1, packet4(IPPROTO_AH, 0, 40)));
	expect(takes(&esp, 1, packet4(IPPROTO_ESP, 0, 40)));
	/* What it carries does not matter where its address is another. */
	expect(takes(&far, 1, packet4(IPPROTO_ESP, 0, 40)));
}

static void test_extension_headers(void)
{
	static const u8 options[] = { 60, 0, 1, 4, 0, 0, 0, 0, IPPROTO_TCP, 1, 1, 4, 0, 0, 0, 0,
				      0, 0, 0, 0, 0, 0, 0, 0 };
	static const u8 atomic[] = { IPPROTO_TCP, 0, 0, 0, 0, 0, 0, 1 };
	static const u8 first[] = { IPPROTO_TCP, 0, 0, 1, 0, 0, 0, 1 };
	static const u8 second[] = { IPPROTO_TCP, 0, 0, 8, 0, 0, 0, 1 };
	static const u8 before[] = { 60, 0, 0, 1, 0, 0, 0, 1, IPPROTO_TCP, 0, 1, 4, 0, 0, 0, 0 };
	struct want tcp = { ONLY, IPPROTO_TCP, false, {} };

	expect(takes(&postgres, 1, packet6(0, options, sizeof(options))));
	expect(!takes(&not_postgres, 1, packet6(0, options, sizeof(options))));
	/* A fragment that is all of its datagram. */
	expect(takes(&postgres, 1, packet6(44, atomic, sizeof(atomic))));
	expect(!takes(&postgres, 1, packet6(44, first, sizeof(first))));
	expect(!takes(&postgres, 1, packet6(44, second, sizeof(second))));
	expect(takes(&tcp, 1, packet6(44, first, sizeof(first))));
	expect(takes(&tcp, 1, packet6(44, second, sizeof(second))));
	/* Further fragments do not say what options come before. */
	expect(!takes(&tcp, 1, packet6(44, before, sizeof(before))));
	expect(!takes(&not_postgres, 1, packet6(44, before, sizeof(before))));
	/* A header that ends beyond the packet, and a chain without an end. */
	expect(!takes(&not_postgres, 1, packet6(60, options + 8, 8)));
	static const u8 chain[80] = { [0] = 60, [8] = 60, [16] = 60, [24] = 60, [32] = 60, [40] = 60,
				      [48] = 60, [56] = 60, [64] = IPPROTO_TCP };
	expect(!takes(&tcp, 1, packet6(60, chain, sizeof(chain) - 8)));
	expect(!takes(&not_postgres, 1, packet6(60, chain, sizeof(chain) - 8)));
}

static void test_requests(void)
{
	struct want wants[COLOOP_SELECTORS_MAX + 1] = {};
	struct want both = { ONLY, 0, false, {{ .ipv4 = { 10 } }, { .ipv6 = { 0xfd } }} };
	struct want twice = { ONLY, 0, false, {{ .ipv4 = { 10 }, .ipv6 = { 0xfd } }} };
	struct want long4 = { ONLY, 0, false, {{ .ipv4 = { 10 }, .prefix = 33 }} };
	struct want turned = { ONLY, 0, false, {{ .port_min = 9, .port_max = 8 }} };
	struct coloop_selectors *selectors = make(wants, COLOOP_SELECTORS_MAX);

	expect(selectors->count == COLOOP_SELECTORS_MAX && selectors->id == 77);
	expect(selectors->needed == 1 << ONLY);
	kfree(selectors);
	expect(PTR_ERR(make(wants, COLOOP_SELECTORS_MAX + 1)) == -E2BIG && extack.msg);
	expect(!make(wants, 0));
	expect(PTR_ERR(make(&both, 1)) == -EINVAL && extack.msg);
	expect(PTR_ERR(make(&twice, 1)) == -EINVAL && extack.msg);
	expect(PTR_ERR(make(&long4, 1)) == -EINVAL && extack.msg);
	expect(PTR_ERR(make(&turned, 1)) == -EINVAL && extack.msg);
}

int main(void)
{
	static const struct test tests[] = {
		{"a protocol and a port", test_protocol_and_port},
		{"one way, and either", test_ways},
		{"addresses of IPv4", test_addresses},
		{"addresses of IPv6", test_addresses6},
		{"what several lists say together", test_lists},
		{"fragments of a datagram are told alike", test_fragments},
		{"a packet that ends before its ports", test_short},
		{"what is encrypted", test_encrypted},
		{"extension headers of IPv6", test_extension_headers},
		{"requests that are refused", test_requests},
	};

	return run_tests(tests, sizeof(tests) / sizeof(*tests));
}
