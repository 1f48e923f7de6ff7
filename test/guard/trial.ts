// SPDX-License-Identifier: MIT
import type {Nftables} from '../../userland/nftables-js/index.ts';
import {apply, undo} from './apply.ts';
import type {Command} from './command.ts';
import {conversation, greeting} from './conversation.ts';
import {channel, dom0, guests, nowhere, pairs, type Guest} from './places.ts';
import type {Outcome, Probe} from './probe.ts';
import {readVerdict, type Refusal} from './verdict.ts';

export type Judged = {
	readonly a: Guest;
	readonly b: Guest;
	/** What the product says; undefined: nothing would be bypassed. */
	readonly refusal: Refusal | undefined;
	/** What really was lost or changed, in words: what a channel would have bypassed. */
	readonly bypassed: readonly string[];
};

export type Trial = {
	/** The commands that the kernel took. */
	readonly commands: readonly Command[];
	readonly judged: readonly Judged[];
};

export type Lab = {readonly nft: Nftables; readonly probe: Probe};

const frames = pairs.map(([a, b]) => conversation(a, b));
const toDom0 = pairs.map(([a, b]) => (b === dom0 ? conversation(a, b, true) : []));
const greetings = [...guests, dom0].map(greeting);

/** `wait`: for so many milliseconds a frame that has not arrived may still be on its way. */
export async function tryRuleset(
	commands: readonly Command[],
	lab: Lab,
	wait: number,
): Promise<Trial> {
	const {applied, result} = await underRules(commands, lab, () => look(lab.probe, wait));
	const judged: Judged[] = [];

	for (const [index, {byBridge, byChannel, ...pair}] of result.entries()) {
		const isDom0s = byChannel.length > 0 && pair.refusal === undefined;
		const differs = isDom0s && compare(byBridge, byChannel).length > 0;
		// Rules may remember what came by the bridge, so what comes by a channel meets them afresh.
		const again = differs
			? await underRules(applied, lab, () => lab.probe.send(toDom0[index] ?? [], wait))
			: undefined;
		const bypassed = isDom0s
			? compare(byBridge, again?.result ?? byChannel)
			: byBridge.filter(isBypassed).map(describe);
		judged.push({...pair, bypassed});
	}

	return {commands: applied, judged};
}

/** What `work` finds while the rules are there. */
export async function underRules<T>(
	commands: readonly Command[],
	{nft, probe}: Lab,
	work: () => Promise<T>,
): Promise<{applied: readonly Command[]; result: T}> {
	await probe.send(greetings, 0);
	const applied = await apply(commands);
	try {
		return {applied, result: await work()};
	} finally {
		await undo(applied, nft);
	}
}

type Sight = Omit<Judged, 'bypassed'> & {
	readonly byBridge: readonly Outcome[];
	/** What is for dom0, once more. */
	readonly byChannel: readonly Outcome[];
};

async function look(probe: Probe, wait: number): Promise<Sight[]> {
	const verdict = await readVerdict();
	const byBridge = await probe.send(frames.flat(), wait);
	const refusals = pairs.map(([a, b]) => verdict(a.port, b.port));
	const ofDom0 = pairs.map((_, index) => (refusals[index] ? [] : (toDom0[index] ?? [])));
	const byChannel = await probe.send(ofDom0.flat(), wait);

	return pairs.map(([a, b], index) => ({
		a,
		b,
		refusal: refusals[index],
		byBridge: byBridge.splice(0, frames[index]?.length ?? 0),
		byChannel: byChannel.splice(0, ofDom0[index]?.length ?? 0),
	}));
}

/**
 * Dom0's own rules see what a channel brings as well: what the bridge loses counts only if it would
 * have come by a channel; and what comes by the bridge must come by a channel too.
 */
function compare(byBridge: readonly Outcome[], byChannel: readonly Outcome[]): string[] {
	return byBridge.flatMap((one, index) => {
		const other = byChannel[index];
		if (one.sent.to === nowhere || other?.sent.from !== channel.place) {
			return isBypassed(one) ? [describe(one)] : [];
		}

		return one.fate === other.fate
			? []
			: [`${describe(one)} by the bridge, ${other.fate} by a channel`];
	});
}

function describe({sent, fate, came}: Outcome): string {
	return `${sent.label}: ${fate}${came ? ` (${came.toString('hex')})` : ''}`;
}

function isBypassed({sent, fate}: Outcome): boolean {
	return fate !== 'intact' && sent.to !== nowhere;
}

/** Where the product lets a channel bypass what was lost. */
export function holesIn({judged}: Trial): Judged[] {
	return judged.filter(({refusal, bypassed}) => refusal === undefined && bypassed.length > 0);
}
