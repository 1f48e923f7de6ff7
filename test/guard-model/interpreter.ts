// SPDX-License-Identifier: MIT
//
// What the kernel does with one packet at one hook (net/netfilter/nf_tables_core.c), over rules as libnftables-json(5)
// writes them. It shares no line with userland/firewall, which judges all packets at once.
import type {NftChain, NftRule, NftRuleset} from '../../userland/nftables-js/index.ts';
import type {Packet, Stop} from './packet.ts';
import {broken, equals, load, toss, type Context, type Json} from './values.ts';

export type Kernel = {
	readonly baseChains: readonly NftChain[];
	readonly chains: ReadonlyMap<string, readonly NftRule[]>;
	readonly sets: ReadonlyMap<string, {elements: readonly any[]; isDynamic: boolean}>;
};

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

	for (const {family, table, name} of ruleset.chains) chains.set(keyOf(family, table, name), []);
	for (const rule of ruleset.rules)
		chains.get(keyOf(rule.family, rule.table, rule.chain))?.push(rule);
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
	if (base?.hook !== hook) return false;
	if (stack === 'device') return base.devices?.includes(device ?? '') === true;
	if (stack === 'bridge') return family === 'bridge';

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

		if (verdict === 'accept') return true;
		if (verdict === 'drop') return false;
		if (verdict === 'return') {
			const back = stack.pop();
			if (!back) return base.base?.policy === 'accept';
			({rules, at} = back);
		} else if (typeof verdict === 'object') {
			if (verdict.isJump) stack.push({rules, at});
			if (stack.length > 16) throw new Error('too deep');
			[rules, at] = [rulesOf(verdict.target), 0];
		}
	}
}

type Verdict = 'next' | 'accept' | 'drop' | 'return' | {isJump: boolean; target: string};

function runRule(kernel: Kernel, rule: NftRule, context: Context, effects: number[]): Verdict {
	for (const statement of rule.expr as Json[]) {
		const [[kind = '', value] = []] = Object.entries(statement);
		const verdict = asVerdict(kind, value);

		if (verdict) return verdict;
		if (kind === 'vmap') {
			return chooseVerdict(kernel, rule, value as Json, context, effects);
		}
		if (kind === 'match' && !matches(kernel, rule, value as Json, context, effects))
			return 'next';
		if (kind === 'xt' && !matchesXt(rule, value as Json, context, effects)) return 'next';
		if (kind === 'limit') {
			effects.push(rule.handle);
			if (toss(context, 'limit')) return 'next';
		}
		if (['log', 'set', 'queue', 'strange'].includes(kind) || isChange(kind, value as Json)) {
			effects.push(rule.handle);
		}
	}

	return 'next';
}

function asVerdict(kind: string, value: any): Verdict | undefined {
	if (kind === 'accept' || kind === 'drop' || kind === 'return') return kind;
	if (kind === 'reject') return 'drop';
	if (kind === 'continue') return 'next';

	return kind === 'jump' || kind === 'goto'
		? {isJump: kind === 'jump', target: String(value.target)}
		: undefined;
}

function isChange(kind: string, value: Json): boolean {
	return kind === 'mangle' && value['key'].meta?.key !== 'nftrace';
}

function matches(
	kernel: Kernel,
	rule: NftRule,
	{op, left, right}: Json,
	context: Context,
	effects: number[],
): boolean {
	const value = load(left, context);
	if (value === broken) return false;
	if (op === '<') return toss(context, 'below');
	const set = findElements(kernel, rule, right);
	if (set === undefined) {
		const isIn = Array.isArray(right) ? right.includes(value) : equals(value, right, left);
		return isIn === (op !== '!=');
	}
	if (set.isDynamic) return toss(context, 'dynamic') === (op !== '!=');
	const found = set.elements.find(element => equals(value, element.elem?.val ?? element, left));
	if (found?.elem?.limit !== undefined) {
		effects.push(rule.handle);
		if (toss(context, 'limit')) return false;
	}

	return (found !== undefined) === (op !== '!=');
}

function findElements(kernel: Kernel, {family, table}: NftRule, right: any) {
	if (Array.isArray(right?.set)) return {elements: right.set as any[], isDynamic: false};

	return typeof right === 'string' && right.startsWith('@')
		? kernel.sets.get(keyOf(family, table, right.slice(1)))
		: undefined;
}

function chooseVerdict(
	kernel: Kernel,
	rule: NftRule,
	{key, data}: Json,
	context: Context,
	effects: number[],
): Verdict {
	const value = load(key, context);
	const elements = findElements(kernel, rule, data)?.elements ?? [];
	if (value === broken) return 'next';
	const found =
		elements.find(([each]) => each !== '*' && equals(value, each.elem?.val ?? each, key)) ??
		elements.find(([each]) => each === '*');
	if (found?.[0].elem?.limit !== undefined) {
		effects.push(rule.handle);
		if (toss(context, 'limit')) return 'next';
	}
	const [[kind = '', inner] = []] = Object.entries(found?.[1] ?? {});

	return asVerdict(kind, inner) ?? 'next';
}

function matchesXt(rule: NftRule, xt: Json, context: Context, effects: number[]): boolean {
	const {name, physdev, mac} = xt;

	if (name === 'comment') return true;
	if (name === 'recent' || xt['type'] === 'target') effects.push(rule.handle);
	if (name === 'physdev') return matchesPhysdev(physdev, context);
	if (name === 'mac' && mac !== undefined) {
		return (
			context.stop.input !== undefined &&
			(context.packet.from.mac === mac.address) !== mac.isInverted
		);
	}

	return toss(context, String(name));
}

/** net/netfilter/xt_physdev.c, line by line. */
function matchesPhysdev(info: Json | undefined, context: Context): boolean {
	const {ports} = context.stop;
	if (!info) return toss(context, ports ? 'physdev' : 'no physdev');
	const {input, output, isIn, isOut, isBridged} = info;

	if (!ports) {
		for (const option of [input, output, isIn, isOut, isBridged]) {
			if (option && !option.isInverted) return false;
		}
		return true;
	}
	const {input: indev, output: outdev} = ports;

	if (isBridged && (outdev !== undefined) === isBridged.isInverted) return false;
	if (isIn && isIn.isInverted) return false;
	if (isOut && (outdev !== undefined) === isOut.isInverted) return false;
	if (input && isPort(indev, input.name) === input.isInverted) return false;
	if (!output) return true;
	if (outdev === undefined) return false;

	return isPort(outdev, output.name) !== output.isInverted;
}

function isPort(device: string, name: string): boolean {
	return name.endsWith('*') ? device.startsWith(name.slice(0, -1)) : device === name;
}
