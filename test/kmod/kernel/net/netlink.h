/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_NETLINK_H
#define KERNEL_NETLINK_H

#include <string.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/types.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof(*(array)))

/* Those that the tables know; all others are refused. */
enum {
	NLA_UNSPEC,
	NLA_U16,
	NLA_U32,
	NLA_U64,
	NLA_FLAG,
	NLA_NUL_STRING,
	NLA_EXACT_LEN,
	NLA_NESTED,
	NLA_REJECT,
};

struct nla_policy {
	int type;
	unsigned int len;
	bool has_min;
	bool has_max;
	/* As narrow as the kernel's. */
	s16 min;
	s16 max;
	unsigned int maxattr;
	const struct nla_policy *nested;
};

#define NLA_POLICY_MIN(kind, least) { .type = (kind), .has_min = true, .min = (least) }
#define NLA_POLICY_MAX(kind, most) { .type = (kind), .has_max = true, .max = (most) }
#define NLA_POLICY_RANGE(kind, least, most) \
	{ .type = (kind), .has_min = true, .min = (least), .has_max = true, .max = (most) }
#define NLA_POLICY_EXACT_LEN(length) { .type = NLA_EXACT_LEN, .len = (length) }
#define NLA_POLICY_NESTED(policy) \
	{ .type = NLA_NESTED, .nested = (policy), .maxattr = ARRAY_SIZE(policy) - 1 }

struct netlink_ext_ack {
	const char *msg;
	const struct nlattr *bad_attr;
};

#define NL_SET_ERR_MSG_MOD(extack, text) ((extack)->msg = (text))
#define NL_SET_ERR_MSG_ATTR(extack, attr, text) \
	((extack)->bad_attr = (attr), (extack)->msg = (text))

static inline int nla_type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

static inline int nla_len(const struct nlattr *attr)
{
	return attr->nla_len - NLA_HDRLEN;
}

static inline void *nla_data(const struct nlattr *attr)
{
	return (char *)attr + NLA_HDRLEN;
}

static inline u16 nla_get_u16(const struct nlattr *attr)
{
	return *(const u16 *)nla_data(attr);
}

static inline u32 nla_get_u32(const struct nlattr *attr)
{
	return *(const u32 *)nla_data(attr);
}

/* As the kernel's: what is missing is zero. */
static inline void nla_memcpy(void *to, const struct nlattr *attr, int len)
{
	int least = nla_len(attr) < len ? nla_len(attr) : len;

	memcpy(to, nla_data(attr), least);
	memset((char *)to + least, 0, len - least);
}

static inline bool nla_ok(const struct nlattr *attr, int rest)
{
	return rest >= NLA_HDRLEN && attr->nla_len >= NLA_HDRLEN && attr->nla_len <= rest;
}

#define nla_for_each_attr(attr, first, len, rest)						\
	for (attr = (first), rest = (len); nla_ok(attr, rest);					\
	     rest -= NLA_ALIGN(attr->nla_len),							\
	     attr = (struct nlattr *)((char *)attr + NLA_ALIGN(attr->nla_len)))

#define nla_for_each_nested(attr, nest, rest)							\
	nla_for_each_attr(attr, (struct nlattr *)nla_data(nest), nla_len(nest), rest)

#define nlmsg_header(header) (NLMSG_HDRLEN + NLMSG_ALIGN(header))

#define nlmsg_for_each_attr(attr, message, header, rest)					\
	nla_for_each_attr(attr, (struct nlattr *)((char *)(message) + nlmsg_header(header)),	\
			  (int)((message)->nlmsg_len - nlmsg_header(header)), rest)

/* The strict parsing of families that ask for no other.  tb: max + 1 entries. */
int nla_parse(const struct nlattr **tb, int max, const struct nlattr *first, int len,
	      const struct nla_policy *policy, struct netlink_ext_ack *extack);
int nla_parse_nested(struct nlattr **tb, int max, const struct nlattr *attr,
		     const struct nla_policy *policy, struct netlink_ext_ack *extack);

#endif
