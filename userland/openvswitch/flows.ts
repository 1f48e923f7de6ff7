// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import type {Flow} from './types.ts';

/** OpenFlow's priority of a flow that has been given none; ovs-ofctl leaves it out. */
const defaultPriority = 32768;

/** What ovs-ofctl tells of a flow besides what it matches; an old one cannot leave it out. */
const about: readonly string[] = [
	...['cookie', 'duration', 'table', 'n_packets', 'n_bytes', 'idle_timeout', 'hard_timeout'],
	...['idle_age', 'hard_age', 'importance', 'send_flow_rem', 'check_overlap', 'reset_counts'],
	...['no_packet_counts', 'no_byte_counts'],
];

/**
 * The flows of table 0, first the most important. From `ovs-ofctl dump-flows`, whose lines have been
 * of one form from version 2.5 to 3.5: fields, then ` actions=`.
 */
export function parseFlows(output: string): Flow[] {
	return output
		.split('\n')
		.filter(line => line.trim() !== '' && !isHeading(line))
		.map(parseLine)
		.filter(({table}) => table === 0)
		.map(({flow}) => flow)
		.sort((one, other) => other.priority - one.priority);
}

function isHeading(line: string): boolean {
	return /^\w+ reply (\(OF[\d.]+\) )?\(xid=\w+\):/.test(line);
}

function parseLine(line: string): {table: number; flow: Flow} {
	const at = line.search(/(^|\s)actions=/);
	if (at < 0) {
		throw notUnderstood(line);
	}
	const fields = splitFields(line.slice(0, at));
	const actions = line.slice(at).trim().slice('actions='.length);
	const match = fields.filter(field => nameOf(field) !== 'priority' && !isAbout(field));
	const priority = numberOf('priority', fields, line) ?? defaultPriority;

	return {
		table: numberOf('table', fields, line) ?? 0,
		flow: {
			priority,
			match,
			actions,
			text: `${[`priority=${priority}`, ...match].join(',')} actions=${actions}`,
		},
	};
}

/** At commas and blanks, but not within parentheses. */
function splitFields(text: string): string[] {
	return text.match(/(?:\([^)]*\)|[^\s,(])+/g) ?? [];
}

function isAbout(field: string): boolean {
	return about.includes(nameOf(field));
}

function nameOf(field: string): string {
	return field.split('=', 1)[0] ?? '';
}

function numberOf(name: string, fields: readonly string[], line: string): number | undefined {
	const field = fields.find(each => nameOf(each) === name);
	if (field === undefined) {
		return undefined;
	}
	const value = field.slice(name.length + 1);
	if (!/^\d+$/.test(value)) {
		throw notUnderstood(line);
	}

	return Number(value);
}

function notUnderstood(line: string): ColoopError {
	return new ColoopError('FIREWALL', `ovs-ofctl: expected a flow, got ${line.trim()}`);
}
