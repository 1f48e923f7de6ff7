// SPDX-License-Identifier: MIT
import {readPolicyFolder} from '../policy/files.ts';
import type {LoadedPolicy} from '../policy/load.ts';
import {optionsOf, renderPolicy} from '../policy/render.ts';
import {ruleName} from '../policy/rule-name.ts';
import type {AcceptRule, LimitsRule, PairRule, Policy, Who} from '../policy/types.ts';
import {renderPrefix} from '../prefixes.ts';
import {tokenOfFolder} from './policy-read.ts';

/** What is in force, as one file that `coloop policy apply` takes. */
export async function effectiveText(loaded: LoadedPolicy, fleet?: string): Promise<string> {
	const {dir, policy} = loaded;
	const head = [
		`# The policy of ${dir ?? 'no directory'} in one file; token ${await tokenIn(dir)}`,
		...(fleet === undefined ? [] : [`# ${fleet}`]),
		...filesOf(loaded).map(file => `# ${file}`),
	];

	return [...head, renderPolicy(policy).replace(/\n$/, '')].join('\n');
}

/** The same for programs, snake case. */
export async function effectiveJson(loaded: LoadedPolicy) {
	const {dir, policy, warnings} = loaded;

	return {
		directory: dir ?? null,
		token: await tokenIn(dir),
		files: filesOf(loaded),
		...policyJson(policy),
		warnings,
	};
}

function policyJson({pairs, accept, limits = [], hostSilence, memory, tags = []}: Policy) {
	return {
		host_silence_s: hostSilence?.seconds ?? null,
		memory_mib: memory?.mib ?? null,
		tags: tags.map(({tag, members, ...at}) => ({tag, members, source: ruleName(at)})),
		pairs: pairs.map(rule => ruleJson(rule, rule.between)),
		accept: accept.map(rule => ruleJson(rule, rule.peer)),
		limits: limits.map(limitsJson),
	};
}

/** The rate in bits a second; null: any, and addresses anywhere. */
function limitsJson(rule: LimitsRule) {
	const {rate, addresses, guards} = rule.limits;

	return {
		...{rule: ruleName(rule), domain: rule.domain, rate: rate ?? null, guards},
		addresses: addresses?.map(renderPrefix) ?? null,
	};
}

function ruleJson(rule: PairRule | AcceptRule, who: Who | readonly Who[]) {
	return {rule: ruleName(rule), action: rule.action, who, ...optionsOf(rule)};
}

/** In order; those without a rule or tag are not named. */
function filesOf({policy: {pairs, accept, limits = [], tags = []}}: LoadedPolicy): string[] {
	return [...new Set([...tags, ...pairs, ...accept, ...limits].map(({source}) => source.file))];
}

async function tokenIn(dir: string | undefined): Promise<string> {
	return tokenOfFolder(dir === undefined ? undefined : await readPolicyFolder(dir));
}
