// SPDX-License-Identifier: MIT
import type {PairStatus, PeerStatus, Status, Want} from '../control/protocol.ts';
import {domainName} from '../domain-name.ts';
import {ColoopError} from '../errors.ts';
import {isSelected, type Packet} from '../policy/packet.ts';
import {ruleText} from '../policy/render.ts';
import {selectionTexts} from '../policy/selector-text.ts';
import {compileSelection} from '../policy/selectors.ts';
import {ruleName} from '../policy/rule-name.ts';
import {traceAccept, tracePair, type Trace} from '../policy/trace.ts';
import type {AcceptRule, Identity, PairRule} from '../policy/types.ts';
import {readPolicy} from './policy-read.ts';

/** What a test asks: two domains of the host, or one that we may accept as a peer. */
type Question = {
	readonly names: readonly string[];
	/** The policy to read instead of the installed one. */
	readonly directory: string | undefined;
	readonly socket: string;
	/** Of which packets; undefined: of none in particular. */
	readonly packet: Packet | undefined;
};

/** Snake case, for programs; `coloop policy test -j` prints it as it is. */
type TestReport = {
	readonly a: string;
	/** Null where the question is whether we accept `a`. */
	readonly b: string | null;
	readonly verdict: 'allow' | 'deny';
	readonly rule: string | null;
	readonly rule_text: string | null;
	/** Which packets the rule leaves to a channel, as sentences; null: all. */
	readonly selectors: readonly string[] | null;
	/** Whether the packet that was asked about is: for `some` it was not said exactly enough. Null: none was. */
	readonly diverted: 'yes' | 'no' | 'some' | null;
	/** Rules before it that name one of the two, the last ones first to be left out. */
	readonly passed: ReadonlyArray<{readonly rule: string; readonly text: string}>;
	/** How many rules stand before the one that decides. */
	readonly rules_before: number;
	/** What is besides, where coloopd runs and knows them: dom0's rules, the guests' own policies. */
	readonly now: Now | null;
};

type Now = {
	readonly state: string;
	readonly code: string | null;
	readonly reason: string | null;
	readonly a_declines: string | null;
	readonly b_declines: string | null;
};

const passedMost = 20;

/** Which rule decides, and what else does. */
export async function test({names, directory, socket, packet}: Question): Promise<TestReport> {
	const {policy} = await readPolicy(directory);
	const status = await askAbout(socket, names);
	const [a, b] = names.map((given, index) => identityFrom(given, status?.meant?.[index]));
	if (a === undefined) {
		throw new ColoopError('USAGE', 'expected one or two domains, got none');
	}
	const trace = b === undefined ? traceAccept(policy, a) : tracePair(policy, a, b);

	return {
		...{a: a.name, b: b?.name ?? null},
		...traceReport(trace),
		...selectionReport(trace, packet),
		now: directory === undefined && status ? nowOf(status, b !== undefined) : null,
	};
}

/** Undefined where no coloopd runs. */
async function askAbout(socket: string, names: readonly string[]): Promise<Status | undefined> {
	const {askStatus} = await import('../control/client.ts');
	const want: Want = {peers: 'all', pairs: 'some', names: [...names]};

	return await askStatus(socket, want).catch(error => {
		if (error instanceof ColoopError && error.code === 'NO_DAEMON') {
			return undefined;
		}
		throw error;
	});
}

type Meant = NonNullable<Status['meant']>[number];

function identityFrom(given: string, meant: Meant | undefined): Identity {
	if (!meant) {
		return {name: domainName(given)};
	}
	const {name, domid, uuid, tags, is_name_shared: isNameShared} = meant;

	return {name, domid, uuid: uuid ?? undefined, tags, isNameShared};
}

function selectionReport(
	{action, rule}: Trace<PairRule> | Trace<AcceptRule>,
	packet: Packet | undefined,
): Pick<TestReport, 'selectors' | 'diverted'> {
	const selection = rule && compileSelection(rule);
	const {only, except} = selection ?? {only: [], except: []};
	const selected = packet && action === 'allow' ? isSelected({only, except}, packet) : 'no';

	return {
		selectors: rule && selection ? selectionTexts(rule) : null,
		diverted: packet ? selected : null,
	};
}

function traceReport({action, rule, passed, before}: Trace<PairRule> | Trace<AcceptRule>) {
	const rules: ReadonlyArray<PairRule | AcceptRule> = passed;

	return {
		verdict: action,
		rule: ruleName(rule) ?? null,
		rule_text: rule ? ruleText(rule) : null,
		passed: rules
			.slice(-passedMost)
			.map(each => ({rule: ruleName(each) ?? '', text: ruleText(each)})),
		rules_before: before,
	};
}

function nowOf({pairs, peers}: Status, isPair: boolean): Now | null {
	const pair: PairStatus | undefined = isPair && pairs?.length === 1 ? pairs[0] : undefined;
	if (pair) {
		const {state, code, reason, a_declines, b_declines} = pair;

		return {state, code, reason, a_declines, b_declines};
	}
	const peer: PeerStatus | undefined = peers.length === 1 ? peers[0] : undefined;
	if (isPair || !peer) {
		return null;
	}
	const {state, code, reason, peer_declines: declines} = peer;

	return {state, code, reason, a_declines: declines, b_declines: null};
}

/** For people. The first line says all that many ask for. */
export function testLines(report: TestReport): string[] {
	const {a, b, verdict, rule, passed, rules_before, selectors, diverted, now} = report;
	const what = b === null ? `accept ${a}` : `${a} <-> ${b}`;
	const by = rule ?? 'no rule matches, and that is deny';
	const texts = passed.map(each => `  passed: ${each.rule} ${each.text}`);
	const others = rules_before - passed.length;

	return [
		`${what}: ${verdict} (${by})`,
		...(diverted === null ? [] : [`  ${divertedTexts[diverted]}`]),
		...(selectors ?? []).map(text => `  diverts ${text}`),
		...(others > 0 ? [`  passed: ${others} rules that name neither, or only one`] : []),
		...texts,
		...(now === null ? [] : nowLines(a, b, now)),
	];
}

const divertedTexts = {
	yes: 'such packets take the channel',
	no: 'such packets take the ordinary path',
	some: 'some such packets take the channel, some the ordinary path: say more of --proto, --port, --from, --to',
} as const;

function nowLines(a: string, b: string | null, now: Now): string[] {
	const {state, code, reason, a_declines, b_declines} = now;
	const why = [code, reason].filter(word => word !== null).join(': ');

	return [
		`  now: ${state}${why === '' ? '' : `, ${why}`}`,
		...(a_declines === null ? [] : [`  ${a} declines: ${a_declines}`]),
		...(b === null || b_declines === null ? [] : [`  ${b} declines: ${b_declines}`]),
	];
}
