// SPDX-License-Identifier: MIT
import type {ModuleInfo} from '../kernel/kernel.ts';
import {renderHello, type Hello} from './values.ts';

/**
 * A bit of a hello's features; the lower 16 are the module's (wire.h). Daemon and module take an MTU
 * with a link, and keep a channel off a link whose device guards what it receives (native XDP).
 */
export const linkState = 1 << 16;

/** The daemon reads the words of words.ts in announcements. */
const words = 1 << 17;

/** The daemon enforces what peers may send to it: the word `!limits`. */
const enforcement = 1 << 18;

/** Daemon and module divert what selectors say: the words `!only` and `!except`. */
const selectors = 1 << 19;

export function hasSelectors(hello: Hello | undefined): boolean {
	return hasWords(hello) && hello !== undefined && (hello.features & selectors) !== 0;
}

export function hasEnforcement(hello: Hello | undefined): boolean {
	return hasWords(hello) && hello !== undefined && (hello.features & enforcement) !== 0;
}

export function hasWords(hello: Hello | undefined): boolean {
	return hello !== undefined && (hello.features & words) !== 0;
}

export function hasLinkState(hello: Hello | undefined): boolean {
	return hello !== undefined && (hello.features & linkState) !== 0;
}

/** Of the module, since version 2 of the family. */
export function knowsLinkState({familyVersion}: ModuleInfo): boolean {
	return familyVersion >= 2;
}

/** Of the module, since version 3: `counts` events. */
export function tellsCounts({familyVersion}: ModuleInfo): boolean {
	return familyVersion >= 3;
}

/** Of the module, since version 4. */
export function knowsSelectors({familyVersion}: ModuleInfo): boolean {
	return familyVersion >= 4;
}

/** What the endpoint role says of itself. */
export function helloOf(info: ModuleInfo, {enforces}: {readonly enforces: boolean}): string {
	const {protocolMin: min, protocolMax: max, features} = info;

	const ours =
		words |
		(knowsLinkState(info) ? linkState : 0) |
		(knowsSelectors(info) ? selectors : 0) |
		(enforces ? enforcement : 0);

	return renderHello({min, max, features: features | ours});
}
