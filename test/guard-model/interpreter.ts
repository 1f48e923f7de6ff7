// SPDX-License-Identifier: MIT
//
// What the kernel does with one packet at one hook (net/netfilter/nf_tables_core.c), over rules as libnftables-json(5)
// writes them. It shares no line with userland/firewall, which judges all packets at once.
import type {NftChain, NftRule, NftRuleset} from '../../userland/nftables-js/index.ts';
import type {Packet, Stop} from './packet.ts';
import {broken, equals, load, toss, type Context, type Expression, type Literal} from './values.ts';
import {matchesXt, type Xt} from './xt.ts';

export type Kernel = {
	readonly baseChains: readonly NftChain[];
	readonly chains: ReadonlyMap<string, readonly NftRule[]>;
	readonly sets: ReadonlyMap<string, Elements>;
};

/** Of a set its elements, of a map pairs of them and a verdict. */
type Elements = {readonly elements: readonly unknown[]; readonly isDynamic: boolean};

const keyOf = (family: string, table: string, name: string) => `${family}/${table}/${name}`;

export function loadRuleset(ruleset: NftRuleset): Kernel {
	const isDormant = (chain: NftChain) =>
		ruleset.tables.some(
			({family, name, raw}) =>
				family === chain.family &&
				name === chain.table &&
				((raw['flags'] ?? []) as string[]).includes('dormant'),
		);
	const chains = new Map<string, NftRule[]>();

	for (const {family, table, name} of ruleset.chains) {
		chains.set(keyOf(family, table, name), []);
	}
	for (const rule of ruleset.rules) {
		chains.get(keyOf(rule.family, rule.table, rule.chain))?.push(rule);
	}
	const sets = [...ruleset.sets, ...ruleset.maps].map(
		({family, table, name, elements, flags}) =>
			[keyOf(family, table, name), {elements, isDynamic: flags.includes('dynamic')}] as const,
	);

	return {
		baseChains: ruleset.chains
			.filter(chain => chain.base && !isDormant(chain))
			.sort((a, b) => (a.base?.prio ?? 0) - (b.base?.prio ?? 0)),
		chains,
		sets: new Map(sets),
	};
}

/** What became of a packet: `drop`, or what was done to it and what was noted of it on its way, each by its rule. */
export type Result = {readonly isDropped: boolean; readonly effects: readonly number[]};

/** All base chains at a hook, in order of priority. */
export function pass(kernel: Kernel, stop: Stop, packet: Packet): Result {
	const effects: number[] = [];

	for (const chain of kernel.baseChains) {
		if (
			isAt(chain, stop, packet) &&
			!runChain(kernel, chain, {packet, stop, family: chain.family}, effects)
		) {
			return {isDropped: true, effects};
		}
	}

	return {isDropped: false, effects};
}

function isAt({family, base}: NftChain, {stack, hook, device}: Stop, {isIp6}: Packet): boolean {
	if (base?.hook !== hook) {
		return false;
	}
	if (stack === 'device') {
		return base.devices?.includes(device ?? '') === true;
	}
	if (stack === 'bridge') {
		return family === 'bridge';
	}

	return family === 'inet' || family === (isIp6 ? 'ip6' : 'ip');
}

/** Whether the packet is accepted. */
function runChain(kernel: Kernel, base: NftChain, context: Context, effects: number[]): boolean {
	const rulesOf = (name: string) => kernel.chains.get(keyOf(base.family, base.table, name)) ?? [];
	const stack: {rules: readonly NftRule[]; at: number}[] = [];
	let [rules, at] = [rulesOf(base.name), 0];

	for (;;) {
		const rule = rules[at++];
		const verdict = rule ? runRule(kernel, rule, context, effects) : 'return';

		if (verdict === 'accept') {
			return true;
		}
		if (verdict === 'drop') {
			return false;
		}
		if (verdict === 'return') {
			const back = stack.pop();
			if (!back) {
				return base.base?.policy === 'accept';
			}
			({rules, at} = back);
		} else if (typeof verdict === 'object') {
			if (verdict.isJump) {
				stack.push({rules, at});
			}
			if (stack.length > 16) {
				throw new Error('too deep');
			}
			[rules, at] = [rulesOf(verdict.target), 0];
		}
	}
}

type Verdict = 'next' | 'accept' | 'drop' | 'return' | {isJump: boolean; target: string};

function runRule(kernel: Kernel, rule: NftRule, context: Context, effects: number[]): Verdict {
	for (const statement of rule.expr as Statement[]) {
		const verdict = asVerdict(statement);
		const {match, vmap, xt, mangle} = statement;

		if (verdict) {
			return verdict;
		}
		if (vmap) {
			return chooseVerdict(kernel, rule, vmap, context, effects);
		}
		if (match && !matches(kernel, rule, match, context, effects)) {
			return 'next';
		}
		if (xt && !matchesXt(rule, xt, context, effects)) {
			return 'next';
		}
		if ('limit' in statement) {
			effects.push(rule.handle);
			if (toss(context, 'limit')) {
				return 'next';
			}
		}
		const isChange = mangle && mangle.key.meta?.key !== 'nftrace';
		if (isChange || ['log', 'set', 'queue', 'strange'].some(kind => kind in statement)) {
			effects.push(rule.handle);
		}
	}

	return 'next';
}

type Statement = {
	readonly match?: {readonly op: string; readonly left: Expression; readonly right: Right};
	readonly vmap?: {readonly key: Expression; readonly data: Right};
	readonly xt?: Xt;
	readonly mangle?: {readonly key: Expression};
	readonly jump?: {readonly target: string};
	readonly goto?: {readonly target: string};
};

type Right = Literal | {readonly set: readonly unknown[]};
type Element = Literal | {readonly elem: {readonly val: Literal; readonly limit?: unknown}};

function asVerdict(statement: Statement): Verdict | undefined {
	const {jump, goto} = statement;

	if (jump) {
		return {isJump: true, target: jump.target};
	}
	if (goto) {
		return {isJump: false, target: goto.target};
	}
	if ('continue' in statement) {
		return 'next';
	}
	if ('drop' in statement || 'reject' in statement) {
		return 'drop';
	}

	return 'accept' in statement ? 'accept' : 'return' in statement ? 'return' : undefined;
}

function matches(
	kernel: Kernel,
	rule: NftRule,
	{op, left, right}: NonNullable<Statement['match']>,
	context: Context,
	effects: number[],
): boolean {
	const value = load(left, context);
	if (value === broken) {
		return false;
	}
	const set = findElements(kernel, rule, right);
	if (!set) {
		return equals(value, right as Literal, left) === (op !== '!=');
	}
	if (set.isDynamic) {
		return toss(context, 'dynamic') === (op !== '!=');
	}
	const found = (set.elements as Element[]).find(each => equals(value, valueOf(each), left));
	if (found !== undefined && isLimited(found, rule, context, effects)) {
		return false;
	}

	return (found !== undefined) === (op !== '!=');
}

function valueOf(element: Element): Literal {
	return typeof element === 'object' && 'elem' in element ? element.elem.val : element;
}

/** Whether an element's own limit is reached; that it was asked is noted. */
function isLimited(element: Element, rule: NftRule, context: Context, effects: number[]): boolean {
	if (typeof element !== 'object' || !('elem' in element) || !element.elem.limit) {
		return false;
	}
	effects.push(rule.handle);

	return toss(context, 'limit');
}

function findElements(kernel: Kernel, rule: NftRule, right: Right): Elements | undefined {
	if (typeof right === 'object' && 'set' in right) {
		return {elements: right.set, isDynamic: false};
	}

	return typeof right === 'string' && right.startsWith('@')
		? kernel.sets.get(keyOf(rule.family, rule.table, right.slice(1)))
		: undefined;
}

function chooseVerdict(
	kernel: Kernel,
	rule: NftRule,
	{key, data}: NonNullable<Statement['vmap']>,
	context: Context,
	effects: number[],
): Verdict {
	const value = load(key, context);
	const elements = (findElements(kernel, rule, data)?.elements ?? []) as [Element, Statement][];
	if (value === broken) {
		return 'next';
	}
	const found =
		elements.find(([each]) => each !== '*' && equals(value, valueOf(each), key)) ??
		elements.find(([each]) => each === '*');
	if (!found || isLimited(found[0], rule, context, effects)) {
		return 'next';
	}

	return asVerdict(found[1]) ?? 'next';
}
