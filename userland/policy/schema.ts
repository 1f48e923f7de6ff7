// SPDX-License-Identifier: MIT
import * as z from 'zod';
import {busyPollMax} from '../kernel/constants.ts';
import {nameBytesMax} from '../names.ts';
import {defaultRingPages, queueCounts, ringPages} from './pages.ts';
import {hostSilence} from './silence.ts';

const policyFormat = 1;

// Every message is the X of `expected X, got Y`.
const pattern = {
	error: `a name or pattern of 1 to ${nameBytesMax} characters, none a control character`,
};

/**
 * Any text that a name can be, see names.ts. Editors read it with and without the `u` flag: a character
 * outside of the BMP is one unit, or a pair.
 */
const anyName = new RegExp(
	`^(?:[^\\x00-\\x1F\\x7F-\\x9F\\u2028\\u2029\\uD800-\\uDFFF\\uFFFD]|[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]){1,${nameBytesMax}}$`,
);
const name = z
	.string({error: 'a name or pattern (in quotes, if YAML reads it as something else)'})
	.regex(anyName, pattern);
const pair = z.tuple([name, name], {error: 'a list of two names, as in [web-*, db-1]'});
const pages = z.literal(ringPages, {error: 'a power of two from 32 to 512'}).optional();
const queues = z.literal(queueCounts, {error: '1, 2, 4 or 8'}).optional();
const microseconds = {error: `a whole number of microseconds from 0 to ${busyPollMax}`};
const busyPoll = z.int(microseconds).min(0, microseconds).max(busyPollMax, microseconds).optional();

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

const rules = {error: 'a list of rules, each starting with "- "'};

const rings = {ring_pages: pages, ring_pages_min: pages, queues};

type Rings = {readonly ring_pages?: unknown; readonly ring_pages_min?: unknown};

const isPages = (value: unknown) => ringPages.some(each => each === value);
const most = (rule: unknown) => Number((rule as Rings).ring_pages ?? defaultRingPages);

/** What JSON Schema has no words for: editors let it pass. Said whatever else is wrong with the rule. */
const minFits = z.refine<Rings>(rule => Number(rule.ring_pages_min) <= most(rule), {
	path: ['ring_pages_min'],
	when: ({value}) =>
		isPages((value as Rings).ring_pages_min) &&
		isPages((value as Rings).ring_pages ?? defaultRingPages),
	error: ({input}) => `at most ring_pages, which is ${most(input)}`,
});

const aRule = {error: 'a rule: "allow:" or "deny:" and its names'};

const pairRule = z.union(
	[z.strictObject({allow: pair, ...rings}).check(minFits), z.strictObject({deny: pair})],
	aRule,
);
const acceptRule = z.union(
	[
		z.strictObject({allow: name, ...rings, busy_poll_us: busyPoll}).check(minFits),
		z.strictObject({deny: name}),
	],
	aRule,
);

/** The language, as data: what a policy file may hold once it is read as YAML. */
export const policySchema = z.strictObject(
	{
		version: z.literal(policyFormat, {error: String(policyFormat)}),
		pairs: z.array(pairRule, rules).optional(),
		accept: z.array(acceptRule, rules).optional(),
		host_silence_s: silence.optional(),
	},
	{error: 'a policy, which starts with "version: 1"'},
);

export type PolicyDocument = z.infer<typeof policySchema>;

/** The text of policy/schema.json, for editors; a test proves that the committed file is this. */
export function policyJsonSchema(): string {
	const {$schema, ...rest} = z.toJSONSchema(policySchema, {io: 'input'});

	return `${JSON.stringify({$schema, title: 'Coloop policy', ...rest}, undefined, '\t')}\n`;
}
