// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import path from 'node:path';
import process from 'node:process';
import {LabError} from './errors.ts';
import type {GuestType} from './guest-config.ts';
import type {Mode} from './machine.ts';
import {repository} from './paths.ts';

export type Stack = '12' | '13' | 'next' | 'debug' | 'debug-pv' | 'systemd' | 'systemd-12';

/**
 * Debian 12, Debian 13, 13 with the newest kernel that Debian has for it, 13 whose guests have a
 * kernel that watches itself: PVH ones, PV ones; and 13 and 12 with systemd as PID 1 everywhere.
 */
export const stacks: Record<string, Stack> = {
	12: '12',
	13: '13',
	next: 'next',
	debug: 'debug',
	'debug-pv': 'debug-pv',
	systemd: 'systemd',
	'systemd-12': 'systemd-12',
};

export const modes: Record<string, Mode> = {multi: 'multi', icount: 'icount'};

/** The one of a table that a flag, or a variable of the environment, names. */
export function oneOf<T>(name: string, table: Record<string, T>, value: string): T {
	const found = Object.hasOwn(table, value) ? table[value] : undefined;
	if (found !== undefined) {
		return found;
	}
	throw new LabError(`${name}: expected ${Object.keys(table).join(' or ')}, got "${value}"`);
}

export function stackFromEnvironment(): Stack {
	return oneOf('STACK', stacks, process.env['STACK'] ?? '13');
}

/** Whether guests have a kernel of their own, which looks for bugs, counts lines and can refuse memory. */
export function watches(stack: Stack): boolean {
	return stack === 'debug' || stack === 'debug-pv';
}

/** Whether Debian's own PID 1 starts the machines, and Coloop comes by its packages. */
export function hasSystemd(stack: Stack): boolean {
	return stack === 'systemd' || stack === 'systemd-12';
}

/** What a and b are unless a test wants something: the kernel of stack debug is none of PV. */
export function usualType(stack: Stack): GuestType {
	return stack === 'debug' ? 'pvh' : 'pv';
}

/**
 * What a test runs in that does not care: MODE, else threads. Counted time for guests that watch
 * themselves: their threads starve each other, 0.1 Mbit/s instead of 60.
 */
export function usualMode(stack: Stack): Mode {
	const usual = watches(stack) ? 'icount' : 'multi';

	return oneOf('MODE', modes, process.env['MODE'] || usual);
}

/** Builds the images of a stack unless the cache has them; answers with their folder. */
export function images(stack: Stack): Promise<string> {
	return built('test/lab/images/make.sh', [stack], `images of stack ${stack}`);
}

/** QEMU, name or path; what PVH guests need is built unless the cache has it. */
export async function emulatorFor(type: GuestType): Promise<string> {
	if (type === 'pv') {
		return 'qemu-system-x86_64';
	}

	return built('test/setup/emulator.sh', [], 'QEMU for PVH guests');
}

async function built(script: string, args: readonly string[], what: string): Promise<string> {
	const running = promisify(execFile)(path.join(repository, script), args);
	running.child.stderr?.pipe(process.stderr);
	try {
		return (await running).stdout.trim();
	} catch (error) {
		throw new LabError(`${what} could not be built`, {cause: error});
	}
}
