// SPDX-License-Identifier: MIT
import type {NftChain, NftRule} from '../nftables-js/index.ts';
import {isForGroups} from './groups.ts';
import type {RuleRef} from './types.ts';

export function referTo(rule: NftRule): RuleRef {
	const found = refer(rule, rule.chain, rule.handle, rule.comment ?? JSON.stringify(rule.expr));

	return isForGroups(rule) ? {...found, isForGroups: true} : found;
}

export function refer(
	{family, table}: Pick<NftChain, 'family' | 'table'>,
	chain: string,
	handle: number,
	text: string,
): RuleRef {
	return {family, table: `${family} ${table}`, chain, handle, text};
}
