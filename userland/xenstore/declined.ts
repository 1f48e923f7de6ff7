// SPDX-License-Identifier: MIT

/** Why an end keeps its peer's traffic, or its own to the peer, on the ordinary path. */
export type Declined = {readonly code: string; readonly detail: string | undefined};

/** The codes that are written; a newer endpoint may write others. */
export const declineCodes = {
	policy: 'its own policy denies the peer',
	held: 'taken down there with `coloop down`',
	device: 'its interface may not have the channel: it is not there, or the detail says why',
	memory: 'it is short of memory or grants, and will try again',
	limits: 'it cannot enforce what dom0 lets the peer send',
	version: 'its module does not know what its policy says is diverted',
	rules: 'the channel may be up, but the rules that the detail names keep its packets off it',
} as const;

/** `<code>[ <detail>]`; undefined where it is not well formed. */
export function parseDeclined(text: string): Declined | undefined {
	const match = /^([a-z][a-z-]{0,15})(?: ([a-z][a-z0-9-]{0,31}))?$/.exec(text);

	return match?.[1] === undefined ? undefined : {code: match[1], detail: match[2]};
}

export function renderDeclined({code, detail}: Declined): string {
	return detail === undefined ? code : `${code} ${detail}`;
}

/** Whether the peer need not try; where only the decliner's own packets stay off, it may. */
export function isRefusal(declined: Declined | undefined): declined is Declined {
	return declined !== undefined && declined.code !== 'rules';
}
