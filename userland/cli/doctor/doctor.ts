// SPDX-License-Identifier: MIT
import {version} from '../../control/version.ts';
import {ColoopError} from '../../errors.ts';
import {isControlDomain} from '../../xenstore/control-domain.ts';
import {statusFor} from '../ask.ts';
import type {System} from '../system.ts';
import {line, type Check, type Evidence} from './check.ts';
import type {Finding, Verdict} from './finding.ts';
import {daemonChecks} from './daemon.ts';
import {deviceChecks} from './device.ts';
import {machineChecks} from './machine.ts';
import {moduleChecks} from './module.ts';
import {pairChecks} from './pairs.ts';
import {secureBootCheck} from './secure-boot.ts';
import {vifChecks} from './vifs.ts';
import {xenstoreChecks} from './xenstore.ts';

export const checks: readonly Check[] = [
	machineChecks,
	secureBootCheck,
	moduleChecks,
	daemonChecks,
	xenstoreChecks,
	pairChecks,
	vifChecks,
	deviceChecks,
].flat();

export type Diagnosis = {
	readonly findings: ReadonlyArray<Finding & {readonly check: string}>;
	/** One line for a report. */
	readonly summary: string;
};

/** Looks at everything that could be wrong. A check that fails itself is an error of its own. */
export async function diagnose(system: System, socket: string, now: number): Promise<Diagnosis> {
	const evidence = await gather(system, socket, now);
	const findings = await Promise.all(
		checks.map(async ({name, look}) => ({check: name, ...(await lookSafely(look, evidence))})),
	);

	return {findings, summary: await summaryOf(findings, evidence)};
}

async function gather(system: System, socket: string, now: number): Promise<Evidence> {
	const isDom0 = await isControlDomain(system);
	try {
		const status = await statusFor(socket, {peers: 'all', pairs: 'some'});

		return {
			system,
			isDom0: isDom0 || status.roles.includes('host'),
			now,
			status,
			failure: undefined,
		};
	} catch (error) {
		if (error instanceof ColoopError) {
			return {system, isDom0, now, status: undefined, failure: error};
		}
		throw error;
	}
}

async function lookSafely(look: Check['look'], evidence: Evidence): Promise<Finding> {
	try {
		return await look(evidence);
	} catch (error) {
		const says = error instanceof Error ? error.message : String(error);

		return {
			verdict: 'error',
			says,
			remedy: 'this is a fault of coloop doctor: please report it',
		};
	}
}

async function summaryOf(
	findings: Diagnosis['findings'],
	{system, status, isDom0}: Evidence,
): Promise<string> {
	const kernel = (await line(system, '/proc/sys/kernel/osrelease')) ?? '?';
	const xen = await Promise.all(
		['major', 'minor'].map(part => line(system, `/sys/hypervisor/version/${part}`)),
	);
	const number = (verdict: Verdict) => findings.filter(each => each.verdict === verdict).length;
	const bad = findings.filter(({verdict}) => verdict === 'warning' || verdict === 'error');
	const counts = (['ok', 'warning', 'error', 'skipped'] as const).map(
		verdict => `${number(verdict)} ${verdict}`,
	);

	return [
		`coloop ${version}, coloopd ${status?.version ?? '-'}, module ${status?.module?.version ?? '-'}`,
		`Linux ${kernel}, Xen ${xen.map(part => part ?? '?').join('.')}, Node ${system.node}`,
		`${isDom0 ? 'dom0' : 'guest'}: ${counts.join(', ')}`,
		...(bad.length > 0 ? [bad.map(({check}) => check).join(', ')] : []),
	].join('; ');
}

/** A line a check, with what to do below it, and the line for a report in the end. */
export function diagnosisLines({findings, summary}: Diagnosis): string[] {
	const width = Math.max(...checks.map(({name}) => name.length));

	return [
		...findings.flatMap(({verdict, check, says, remedy}) => [
			`${verdict.padEnd(7)}  ${check.padEnd(width)}  ${says}`,
			...(remedy === undefined ? [] : [`${' '.repeat(9)}${' '.repeat(width)}  -> ${remedy}`]),
		]),
		'',
		summary,
	];
}
