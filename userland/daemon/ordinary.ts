// SPDX-License-Identifier: MIT
import {renderDeclined, type Declined} from '../xenstore/declined.ts';

/*
 * What keeps packets on the ordinary path, for people: the names of kmod/spec/coloop.yaml's
 * `ordinary`, with the sentence of each, and what shows an administrator the cause.
 */

type Text = {readonly says: (device: string) => string; readonly shownBy?: string};

const texts: Readonly<Record<string, Text>> = {
	qdisc: {
		says: device =>
			`the queueing discipline of ${device} promises a rate or an order, or filters`,
		shownBy: 'tc qdisc show dev',
	},
	tc: {
		says: device => `a tc egress program or filter of ${device} decides`,
		shownBy: 'tc filter show egress dev',
	},
	size: {
		says: device => `the MTU of ${device} is larger than that of its vif or bridge in dom0`,
		shownBy: 'ip link show dev',
	},
	xdp: {
		says: device =>
			`${device} has a native XDP program or an AF_XDP socket, which a channel would pass by`,
		shownBy: 'ip link show dev',
	},
	inactive: {
		says: device => `${device} is a port of a bond or team that receives nothing now`,
		shownBy: 'ip -d link show dev',
	},
	netns: {says: device => `${device} is in another network namespace than coloop0`},
	'no-hook': {says: () => 'its kernel was built without CONFIG_NETFILTER_EGRESS'},
};

/** Why, as a sentence; a reason of a newer module is said by its name. */
export function ordinaryText(reason: string, device: string): string {
	return texts[reason]?.says(device) ?? `${device}: ${reason}`;
}

/** The same where the device is ours, with the command that shows more. */
export function ownOrdinaryText(reason: string, device: string): string {
	const shownBy = texts[reason]?.shownBy;
	const text = ordinaryText(reason, device).replace(/^its kernel/, 'this kernel');

	return shownBy === undefined ? text : `${text} (${shownBy} ${device})`;
}

/** `b declines: its policy denies a` */
export function declinedText(by: string, about: string, {code, detail}: Declined): string {
	const device = 'its interface';
	switch (code) {
		case 'policy':
			return detail === 'audit'
				? `${by} declines: its policy only audits ${about} (mode: audit)`
				: `${by} declines: its policy denies ${about}`;
		case 'held':
			return `${by} declines: taken down there with \`coloop down\``;
		case 'device':
			return detail === undefined
				? `${by} declines: no interface beside its coloop0 has the announced address`
				: `${by} declines: ${ordinaryText(detail, device)}`;
		case 'version':
			return `${by} declines: its module is older than only and except, and would divert everything`;
		case 'memory':
			return `${by} declines: it is short of memory or grants, and will try again`;
		case 'rules':
			return `${by} sends to ${about} by the ordinary path: ${ordinaryText(detail ?? code, device)}`;
		default:
			return `${by} declines: ${renderDeclined({code, detail})}`;
	}
}
