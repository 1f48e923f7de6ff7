// SPDX-License-Identifier: MIT
import type {RuleSource} from './types.ts';

/** `30-site.yaml:12:3` */
export function ruleName(rule: {readonly source: RuleSource} | undefined): string | undefined {
	return rule && `${rule.source.file}:${rule.source.line}:${rule.source.column}`;
}
