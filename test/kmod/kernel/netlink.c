// SPDX-License-Identifier: GPL-2.0
/*
 * What strict parsing refuses, of the kinds that our tables use: validate_nla() in lib/nlattr.c of
 * Linux 6.1 with NL_VALIDATE_STRICT.  It takes what this takes; some refusals have another number.
 */

#include <string.h>
#include <net/netlink.h>

static int parse(const struct nlattr **tb, int max, const struct nlattr *first, int len,
		 const struct nla_policy *policy, struct netlink_ext_ack *extack);

static int check_string(const char *text, unsigned int len, unsigned int most)
{
	/* The zero must be where the longest string has its own, at the latest. */
	if (!len || !memchr(text, 0, len < most + 1 ? len : most + 1))
		return -EINVAL;
	return len - (text[len - 1] == 0) > most ? -ERANGE : 0;
}

static int check_u32(const struct nla_policy *policy, u32 value)
{
	if ((policy->has_min && value < (u32)policy->min) || (policy->has_max && value > (u32)policy->max))
		return -ERANGE;
	return 0;
}

static int check(const struct nla_policy *policy, const struct nlattr *attr,
		 struct netlink_ext_ack *extack)
{
	int len = nla_len(attr);

	if (!(attr->nla_type & NLA_F_NESTED) != (policy->type != NLA_NESTED))
		return -EINVAL;
	switch (policy->type) {
	case NLA_U16:
		return len == 2 ? 0 : -EINVAL;
	case NLA_U32:
		return len == 4 ? check_u32(policy, nla_get_u32(attr)) : -EINVAL;
	case NLA_U64:
		return len == 8 ? 0 : -EINVAL;
	case NLA_FLAG:
		return len ? -ERANGE : 0;
	case NLA_EXACT_LEN:
		return len == (int)policy->len ? 0 : -EINVAL;
	case NLA_NUL_STRING:
		return check_string(nla_data(attr), len, policy->len);
	case NLA_NESTED:
		/* One without anything in it is allowed. */
		return !len ? 0 : parse(NULL, policy->maxattr, nla_data(attr), len, policy->nested,
					extack);
	default:
		return -EINVAL;
	}
}

/* tb: NULL to look only. */
static int parse(const struct nlattr **tb, int max, const struct nlattr *first, int len,
		 const struct nla_policy *policy, struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int ret, rest;

	if (tb)
		memset(tb, 0, sizeof(*tb) * (max + 1));
	nla_for_each_attr(attr, first, len, rest) {
		int type = nla_type(attr);

		if (!type || type > max)
			return -EINVAL;
		ret = check(&policy[type], attr, extack);
		if (ret) {
			extack->bad_attr = attr;
			return ret;
		}
		if (tb)
			tb[type] = attr;
	}
	return rest > 0 ? -EINVAL : 0;
}

int nla_parse(const struct nlattr **tb, int max, const struct nlattr *first, int len,
	      const struct nla_policy *policy, struct netlink_ext_ack *extack)
{
	return parse(tb, max, first, len, policy, extack);
}

int nla_parse_nested(struct nlattr **tb, int max, const struct nlattr *attr,
		     const struct nla_policy *policy, struct netlink_ext_ack *extack)
{
	if (!(attr->nla_type & NLA_F_NESTED))
		return -EINVAL;
	return parse((const struct nlattr **)tb, max, nla_data(attr), nla_len(attr), policy,
		     extack);
}
