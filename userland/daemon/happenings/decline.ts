// SPDX-License-Identifier: MIT
import type {Fields} from '../log.ts';
import {declinedText, ordinaryText} from '../ordinary.ts';
import {wordOf} from './fields.ts';

/** Why an end, `we` or by its name, has no channel with another. */
export function declineOf(
	fields: Fields,
	by: string,
	about: string,
): {code: string; reason: string} {
	const code = wordOf(fields, 'code') ?? '';
	const detail = wordOf(fields, 'detail') ?? undefined;
	if (by !== 'we') {
		return {
			code: code === 'rules' ? (detail ?? code) : code,
			reason: declinedText(by, about, {code, detail}),
		};
	}
	if (code === 'rules') {
		const reason = ordinaryText(detail ?? code, 'our interface');

		return {code: detail ?? code, reason};
	}

	return {
		code,
		reason: detail === undefined ? ownText(code) : ordinaryText(detail, 'our interface'),
	};
}

/** Why we decline a peer, of which its status tells more. */
function ownText(code: string): string {
	return own[code] ?? code;
}

const own: Readonly<Record<string, string>> = {
	policy: 'our policy does not allow it',
	held: 'taken down with `coloop down`',
	device: 'no interface of ours beside coloop0 has the announced address',
	memory: 'short of memory or grants, will try again',
	version: 'no version of the protocol is spoken by both',
};

/** Packets keep to the ordinary path, or there is no channel at all. */
export function eventOf(code: string): string {
	return ['qdisc', 'tc', 'size', 'pacing', 'rules', 'memory'].includes(code)
		? 'fallen-back'
		: 'refused';
}
