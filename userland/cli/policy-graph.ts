// SPDX-License-Identifier: MIT
import {spawn} from 'node:child_process';
import {ColoopError} from '../errors.ts';
import {optionsOf} from '../policy/render.ts';
import {selectionTexts} from '../policy/selector-text.ts';
import {ruleName} from '../policy/rule-name.ts';
import type {PairRule, Policy} from '../policy/types.ts';
import {whoText} from '../policy/who.ts';

/** Whom rules for pairs name, and the rules between them; a program may draw it. */
export type Graph = {
	readonly nodes: readonly string[];
	readonly edges: ReadonlyArray<{
		readonly a: string;
		readonly b: string;
		readonly action: 'allow' | 'deny';
		/** Its place: the first that matches decides. */
		readonly order: number;
		readonly rule: string;
		readonly mode: string;
		/** Which packets it is for, as sentences; none: all. */
		readonly selectors: readonly string[];
	}>;
};

export function graphOf({pairs}: Pick<Policy, 'pairs'>): Graph {
	const edges = pairs.map((rule, index) => ({
		...endsOf(rule),
		action: rule.action,
		order: index + 1,
		rule: ruleName(rule) ?? '',
		mode: String(optionsOf(rule)['mode'] ?? 'enforce'),
		selectors: selectionTexts(rule),
	}));

	return {nodes: [...new Set(edges.flatMap(({a, b}) => [a, b]))], edges};
}

function endsOf({between: [one, other]}: PairRule) {
	return {a: whoText(one), b: whoText(other)};
}

/** In Graphviz' language. */
export function dotOf({nodes, edges}: Graph): string {
	const style = (edge: Graph['edges'][number]) => {
		if (edge.action === 'deny') {
			return 'color=red, style=dashed';
		}

		return edge.mode === 'audit' ? 'color=blue, style=dotted' : 'color=darkgreen';
	};

	return [
		'graph coloop {',
		'\tnode [shape=box];',
		...nodes.map(node => `\t${quoted(node)};`),
		...edges.map(
			edge =>
				`\t${quoted(edge.a)} -- ${quoted(edge.b)} [label=${quoted([edge.order, ...edge.selectors].join('\n'))}, tooltip=${quoted(edge.rule)}, ${style(edge)}];`,
		),
		'}',
	].join('\n');
}

/** Drawn by Graphviz' `dot`, where that is installed. */
export async function svgOf(graph: Graph, program = 'dot'): Promise<string> {
	const child = spawn(program, ['-Tsvg'], {stdio: ['pipe', 'pipe', 'inherit']});
	const pieces: Buffer[] = [];
	child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
	/* It may have gone before it read all. */
	child.stdin.on('error', () => {});
	child.stdin.end(dotOf(graph));
	const status = await new Promise((resolve, reject) => {
		child.once('error', cause => {
			reject(
				new ColoopError('USAGE', `${program} could not be started: ${cause.message}`, {
					cause,
					hint: 'apt-get install graphviz, or leave --svg out and draw the DOT elsewhere',
				}),
			);
		});
		child.once('close', resolve);
	});
	if (status !== 0) {
		throw new ColoopError('USAGE', `${program} ended with ${String(status)}`);
	}

	return Buffer.concat(pieces).toString();
}

/** A name may have quotes, and backslashes, which DOT reads in labels. */
function quoted(text: string): string {
	return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
