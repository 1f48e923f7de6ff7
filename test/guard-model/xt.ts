// SPDX-License-Identifier: MIT
import type {PhysdevOptions} from '../../userland/firewall/physdev.ts';
import type {NftRule} from '../../userland/nftables-js/index.ts';
import {toss, type Context} from './values.ts';

/** A match of iptables, as nft's JSON and kernel-rules.ts together write it. */
export type Xt = {
	readonly type: string;
	readonly name: string;
	readonly physdev?: PhysdevOptions;
	readonly mac?: {readonly address: string; readonly isInverted: boolean};
};

/** Whether it matches; what it records is noted. */
export function matchesXt(
	rule: NftRule,
	{type, name, physdev, mac}: Xt,
	context: Context,
	effects: number[],
): boolean {
	const {stop, packet} = context;

	if (name === 'comment') {
		return true;
	}
	if (name === 'recent' || type === 'target') {
		effects.push(rule.handle);
	}
	if (name === 'physdev') {
		return matchesPhysdev(physdev, context);
	}
	if (name === 'mac' && mac) {
		return stop.input !== undefined && (packet.from.mac === mac.address) !== mac.isInverted;
	}

	return toss(context, name);
}

/** net/netfilter/xt_physdev.c, line by line. */
function matchesPhysdev(info: PhysdevOptions | undefined, context: Context): boolean {
	const {ports} = context.stop;
	if (!info) {
		return toss(context, ports ? 'physdev' : 'no physdev');
	}
	const {input, output, isIn, isOut, isBridged} = info;

	if (!ports) {
		for (const option of [input, output, isIn, isOut, isBridged]) {
			if (option && !option.isInverted) {
				return false;
			}
		}

		return true;
	}
	const {input: indev, output: outdev} = ports;

	if (isBridged && (outdev !== undefined) === isBridged.isInverted) {
		return false;
	}
	if (isIn && isIn.isInverted) {
		return false;
	}
	if (isOut && (outdev !== undefined) === isOut.isInverted) {
		return false;
	}
	if (input && isPort(indev, input.name) === input.isInverted) {
		return false;
	}
	if (!output) {
		return true;
	}
	if (outdev === undefined) {
		return false;
	}

	return isPort(outdev, output.name) !== output.isInverted;
}

function isPort(device: string, name: string): boolean {
	return name.endsWith('*') ? device.startsWith(name.slice(0, -1)) : device === name;
}
