// SPDX-License-Identifier: MIT
import {exactly} from './fields.ts';
import type {Condition, Certainty} from './match.ts';
import type {PhysicalPorts, Traffic} from './traffic.ts';

/** The options of iptables' match `physdev`; undefined: not asked for. */
export type PhysdevOptions = {
	readonly input?: DeviceOption;
	readonly output?: DeviceOption;
	readonly isIn?: {readonly isInverted: boolean};
	readonly isOut?: {readonly isInverted: boolean};
	readonly isBridged?: {readonly isInverted: boolean};
};

/** `name` as iptables prints it, a `+` at the end for nft's star, turned into that. */
type DeviceOption = {readonly name: string; readonly isInverted: boolean};

/** A condition that a channel's packets, which have passed no port of the bridge, may answer otherwise. */
export type PortCondition = Condition & {differsOnChannel(traffic: Traffic): boolean};

/**
 * struct xt_physdev_info (linux/netfilter/xt_physdev.h): name and mask for each device, 16 bytes each, what is inverted,
 * what is asked for. Undefined where it is not understood.
 */
export function parsePhysdev(info: Uint8Array): PhysdevOptions | undefined {
	const [inverted = 0, asked = 0] = info.subarray(64);
	const option = (bit: number) =>
		(asked & bit) === 0 ? undefined : {isInverted: (inverted & bit) !== 0};
	const device = (bit: number, at: number) => {
		const name = readName(info.subarray(at, at + 16), info.subarray(at + 16, at + 32));
		const found = option(bit);

		return found && {name: name ?? '', ...found};
	};
	const [input, output] = [device(0x01, 0), device(0x02, 32)];

	return info.length < 66 || (asked & ~0x1f) !== 0 || input?.name === '' || output?.name === ''
		? undefined
		: dropUndefined({
				input,
				output,
				isBridged: option(0x04),
				isIn: option(0x08),
				isOut: option(0x10),
			});
}

/** A mask covers the name and its end, or, for a name with a `+`, the letters before that. */
function readName(bytes: Uint8Array, mask: Uint8Array): string | undefined {
	const end = bytes.indexOf(0);
	const name = Buffer.from(bytes.subarray(0, end < 0 ? 16 : end)).toString('latin1');
	const covered = mask.indexOf(0) < 0 ? 16 : mask.indexOf(0);
	const isWhole = mask.every((byte, at) => byte === (at < covered ? 0xff : 0));

	if (!isWhole || name === '' || name.includes('*')) {
		return undefined;
	}
	if (covered > name.length) {
		return name;
	}

	return covered === name.length || name[covered] === '+'
		? `${name.slice(0, covered)}*`
		: undefined;
}

function dropUndefined<T extends object>(value: T) {
	return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
		[K in keyof T]?: Exclude<T[K], undefined>;
	};
}

/** An `xt` match of that name; where its options are not known, so is its answer. */
export function compilePhysdev(xt: unknown): PortCondition {
	const options = exactly(xt, 'type', 'name', 'physdev')['physdev'] as PhysdevOptions | undefined;

	if (!options) {
		return {sides: ['from', 'to'], test: () => 'maybe', differsOnChannel: () => true};
	}
	const ask = (ports: PhysicalPorts | undefined): boolean =>
		ports ? matchesPorts(options, ports) : matchesNone(options);
	const certainty = (isMatch: boolean): Certainty => (isMatch ? 'always' : 'never');

	return {
		sides: ['from', 'to'],
		test: ({ports}) => certainty(ask(ports)),
		differsOnChannel: ({ports}) => ask(ports) !== ask(undefined),
		pin: pinOf(options),
	};
}

/** Without a bridge's mark on the packet: only what is asked the other way round (net/netfilter/xt_physdev.c). */
function matchesNone(options: PhysdevOptions): boolean {
	return Object.values(options).every(({isInverted}) => isInverted);
}

function matchesPorts(
	{input, output, isIn, isOut, isBridged}: PhysdevOptions,
	ports: PhysicalPorts,
): boolean {
	const isOutput = ports.output !== undefined;

	return (
		(!isBridged || isOutput !== isBridged.isInverted) &&
		(!isIn || !isIn.isInverted) &&
		(!isOut || isOutput !== isOut.isInverted) &&
		(!input || isNamed(input, ports.input) !== input.isInverted) &&
		(!output ||
			(ports.output !== undefined && isNamed(output, ports.output) !== output.isInverted))
	);
}

function isNamed({name}: DeviceOption, port: string): boolean {
	return name.endsWith('*') ? port.startsWith(name.slice(0, -1)) : port === name;
}

function pinOf({input, output}: PhysdevOptions): Condition['pin'] {
	const isExact = (option: DeviceOption | undefined) =>
		option && !option.isInverted && !option.name.endsWith('*');

	if (input && isExact(input)) {
		return {index: 'physin', values: new Set([input.name])};
	}
	if (output && isExact(output)) {
		return {index: 'physout', values: new Set([output.name])};
	}

	return undefined;
}
