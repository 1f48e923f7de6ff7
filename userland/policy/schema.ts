// SPDX-License-Identifier: MIT
import * as z from 'zod';
import {busyPollMax, fragPagesMax} from '../kernel/constants.ts';
import {addressesMax, guards} from '../limits.ts';
import {nameBytesMax} from '../names.ts';
import {defaultRingPages, memoryMib, queueCounts, ringPages} from './pages.ts';
import {parseRate, rateForm, ratePattern} from './rate.ts';
import {address, isCoarse, selection} from './selector-schema.ts';
import {hostSilence, idleTimeout} from './silence.ts';
import {anyName, tagName, uuidForm} from './who.ts';

const policyFormat = 1;

// Every message is the X of `expected X, got Y`.
const pattern = {
	error: `a name or pattern of 1 to ${nameBytesMax} characters, none a control character`,
};

const name = z
	.string({error: 'a name or pattern (in quotes, if YAML reads it as something else)'})
	.regex(anyName, pattern);
const uuid = {error: 'a UUID, as in 9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001'};
const tag = {
	error: 'a tag of 1 to 32 letters, digits, dots, - and _ (in quotes, if all are digits)',
};
const aMember = {
	error: 'a name or pattern (in quotes, if YAML reads it as something else), or uuid: or name: and its value',
};
const aWho = {
	error: 'a name or pattern (in quotes, if YAML reads it as something else), or uuid:, tag: or name: and its value',
};
const byName = z.strictObject({name}, aWho);
const byUuid = z.strictObject({uuid: z.string(uuid).regex(uuidForm, uuid)}, aWho);
const byTag = z.strictObject({tag: z.string(tag).regex(tagName, tag)}, aWho);
const member = z.union([name, byName, byUuid], aMember);
const who = z.union([name, byName, byUuid, byTag], aWho);
const pair = z.tuple([who, who], {error: 'a list of two names, as in [web-*, db-1]'});
const pages = z.literal(ringPages, {error: 'a power of two from 32 to 512'}).optional();
const queues = z.literal(queueCounts, {error: '1, 2, 4 or 8'}).optional();
const microseconds = {error: `a whole number of microseconds from 0 to ${busyPollMax}`};
const busyPoll = z.int(microseconds).min(0, microseconds).max(busyPollMax, microseconds).optional();
const frags = {error: `a whole number of pages from 0 to ${fragPagesMax}`};
const fragPages = z.int(frags).min(0, frags).max(fragPagesMax, frags).optional();

const seconds = {
	error: `a whole number of seconds from ${hostSilence.min} to ${hostSilence.max}, or never`,
};
const silence = z.union(
	[
		z.int(seconds).min(hostSilence.min, seconds).max(hostSilence.max, seconds),
		z.literal('never', seconds),
	],
	seconds,
);

const mebibytes = {error: `a whole number of MiB from ${memoryMib.min} to ${memoryMib.max}`};
const memory = z.int(mebibytes).min(memoryMib.min, mebibytes).max(memoryMib.max, mebibytes);

const rules = {error: 'a list of rules, each starting with "- "'};

const idle = {
	error: `a whole number of seconds from ${idleTimeout.min} to ${idleTimeout.max}`,
};
const idleTimeoutS = z.int(idle).min(idleTimeout.min, idle).max(idleTimeout.max, idle).optional();
/* YAML 1.2 reads the words as text. */
const onDemand = z.literal([true, false, 'yes', 'no'], {error: 'yes or no'}).optional();
const mode = z.literal(['enforce', 'audit'], {error: 'enforce or audit'}).optional();

const options = {
	...{ring_pages: pages, ring_pages_min: pages, queues},
	...{idle_timeout_s: idleTimeoutS, on_demand: onDemand, mode},
	...selection,
};

type Rings = {readonly ring_pages?: unknown; readonly ring_pages_min?: unknown};

const isPages = (value: unknown) => ringPages.some(each => each === value);
const most = (rule: unknown) => Number((rule as Rings).ring_pages ?? defaultRingPages);

/** What JSON Schema has no words for: editors let it pass. Said whatever else is wrong with the rule. */
const minFits = z.refine<Rings>(rule => Number(rule.ring_pages_min) <= most(rule), {
	path: ['ring_pages_min'],
	/* The value may be anything yet: a dash alone is null. */
	when: ({value}) =>
		isPages((value as Rings | null)?.ring_pages_min) &&
		isPages((value as Rings).ring_pages ?? defaultRingPages),
	error: ({input}) => `at most ring_pages, which is ${most(input)}`,
});

const aRule = {error: 'a rule: "allow:" or "deny:" and its names'};

const pairRule = z.union(
	[
		z.strictObject({allow: pair, ...options}).check(minFits, isCoarse),
		z.strictObject({deny: pair}),
	],
	aRule,
);
const acceptRule = z.union(
	[
		z
			.strictObject({allow: who, ...options, busy_poll_us: busyPoll, frag_pages: fragPages})
			.check(minFits, isCoarse),
		z.strictObject({deny: who}),
	],
	aRule,
);

const path = z.string({error: 'the path of a file'}).min(1, {error: 'the path of a file'});
const paths = {error: 'a list of paths'};
const addresses = z
	.array(address, {error: 'a list of addresses and prefixes'})
	.max(addressesMax, {error: `at most ${addressesMax} addresses`})
	.optional();
const rateText = {error: rateForm};
const rate = z
	.string(rateText)
	.regex(ratePattern, rateText)
	.refine(text => parseRate(text) !== undefined, rateText)
	.optional();
const notThese = z
	.array(z.literal(guards, {error: 'dhcp or ra'}), {error: 'a list of dhcp and ra'})
	.min(1, {error: 'dhcp, ra or both'})
	.optional();
type SomeLimits = {addresses?: unknown; rate?: unknown; guards?: unknown};
const limitsRule = z
	.strictObject(
		{domain: who, addresses, rate, guards: notThese},
		{error: '"domain:" and addresses, rate or guards'},
	)
	.refine((rule: SomeLimits) => (rule.addresses ?? rule.rate ?? rule.guards) !== undefined, {
		error: 'addresses, rate or guards beside the domain',
	});

const members = {error: 'a list of names, patterns and UUIDs'};
const aTags = {error: 'tags, each with a list of names, patterns and UUIDs'};
const tags = z.record(z.string().regex(tagName, tag), z.array(member, members), aTags);

/** The language, as data: what a policy file may hold once it is read as YAML. */
export const policySchema = z.strictObject(
	{
		version: z.literal(policyFormat, {error: String(policyFormat)}),
		pairs: z.array(pairRule, rules).optional(),
		accept: z.array(acceptRule, rules).optional(),
		host_silence_s: silence.optional(),
		memory_mib: memory.optional(),
		tags: tags.optional(),
		include: z.array(path, paths).optional(),
		limits: z
			.array(limitsRule, {error: 'a list, of which each starts with "- domain:"'})
			.optional(),
	},
	{error: 'a policy, which starts with "version: 1"'},
);

export type PolicyDocument = z.infer<typeof policySchema>;
export type PairDocument = z.infer<typeof pairRule>;

/** The text of policy/schema.json, for editors; a test proves that the committed file is this. */
export function policyJsonSchema(): string {
	const {$schema, ...rest} = z.toJSONSchema(policySchema, {io: 'input'});

	return `${JSON.stringify({$schema, title: 'Coloop policy', ...rest}, undefined, '\t')}\n`;
}
