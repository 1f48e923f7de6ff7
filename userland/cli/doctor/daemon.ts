// SPDX-License-Identifier: MIT
import {fleetText} from '../fleet-text.ts';
import {version} from '../../control/version.ts';
import type {Check, Evidence} from './check.ts';
import {error, noAnswer, ok, skipped, warning, type Finding} from './finding.ts';
import {count, some} from './wording.ts';

/** The daemons, here and in dom0, and their policy. */
export const daemonChecks: readonly Check[] = [
	{name: 'daemon', reads: 'its socket, systemctl', look: lookAtDaemon},
	{name: 'versions', reads: 'those of command, daemon and module', look: lookAtVersions},
	{name: 'troubles', reads: "the daemon's last warnings and errors", look: lookAtTroubles},
	{name: 'host role', reads: "whether dom0's coloopd is heard", look: lookAtHost},
	{name: 'policy', reads: 'the policy, also where no daemon runs', look: lookAtPolicy},
	{name: 'fleet', reads: 'whether etcd is heard, where it has policy', look: lookAtFleet},
];

async function lookAtDaemon({system, status, failure}: Evidence): Promise<Finding> {
	if (status !== undefined) {
		const {roles, problems} = status;

		return problems.length > 0
			? error(
					some(problems),
					'coloopd keeps trying; its log says more: journalctl -u coloopd',
				)
			: ok(`answers, with the ${roles.join(' and ')} role${roles.length === 1 ? '' : 's'}`);
	}
	const unit = await system.run('systemctl', 'show', 'coloopd', '-p', 'ActiveState,Result');
	const state = /ActiveState=(\w+)/.exec(unit?.out ?? '')?.[1];
	const result = /Result=([\w-]+)/.exec(unit?.out ?? '')?.[1];
	const why = failure?.message ?? 'coloopd does not answer';

	return error(
		state === undefined
			? why
			: `${why}; its unit is ${state}${state === 'failed' ? ` (${result})` : ''}`,
		failure?.hint ?? 'systemctl start coloopd; journalctl -u coloopd says why it ended',
	);
}

function lookAtVersions({status}: Evidence): Finding {
	if (status === undefined) {
		return noAnswer;
	}
	const versions = [version, status.version, ...(status.module ? [status.module.version] : [])];
	const [command = '', daemon = '', module = 'none'] = versions;
	const text = `coloop ${command}, coloopd ${daemon}, module ${module}`;

	return new Set(versions).size === 1
		? ok(`all ${command}`)
		: warning(
				`of different age: ${text}`,
				'they work together; systemctl restart coloopd and coloop module reload bring what is installed',
			);
}

function lookAtTroubles({status, now}: Evidence): Finding {
	if (status?.troubles === undefined) {
		return status ? skipped('this coloopd is too old to tell') : noAnswer;
	}
	const recent = status.troubles.filter(({time}) => now - time < 3600);
	const last = recent.at(-1);

	return last === undefined
		? ok('none in the last hour')
		: warning(
				`${count(recent.length, 'trouble')} in the last hour, the last: ${last.event}${last.message === null ? '' : `: ${last.message}`}`,
				last.hint ?? 'journalctl -p warning -u coloopd',
			);
}

function lookAtHost({status, isDom0}: Evidence): Finding {
	if (status === undefined) {
		return noAnswer;
	}
	if (status.roles.includes('host')) {
		return ok('is here');
	}
	switch (status.host) {
		case 'lives':
			return ok('is heard');
		case 'silent':
			return error(
				"dom0's coloopd has been silent for more than a minute: no channel comes up, and what dom0 forbids is not heard",
				`in dom0: systemctl start coloopd${isDom0 ? '' : ', then coloop status'}`,
			);
		default:
			return warning(
				"dom0's coloopd has never been heard: it does not run, or is too old to tell",
				'in dom0: install coloop and systemctl start coloopd',
			);
	}
}

async function lookAtPolicy({status, isDom0}: Evidence): Promise<Finding> {
	const {errors, warnings, directory} = status
		? {
				errors: status.policy_errors,
				warnings: status.policy_warnings ?? [],
				directory: status.policy_directory,
			}
		: await readPolicy(isDom0);
	if (errors[0] !== undefined) {
		return error(
			`${errors[0]}${errors.length > 1 ? `, and ${errors.length - 1} more` : ''}`,
			`${mendingOf(errors[0], directory)}; the last good policy is in force until then`,
		);
	}
	if (directory === null && !status?.fleet) {
		return warning(
			'there is no policy, which allows nothing',
			'write /etc/coloop/policy.d/10-site.yaml',
		);
	}

	return warnings[0] === undefined
		? ok(directory ?? 'none but that of etcd')
		: warning(
				`${warnings[0]}${warnings.length > 1 ? `, and ${warnings.length - 1} more` : ''}`,
				mendingOf(warnings[0], directory),
			);
}

function mendingOf(problem: string, directory: string | null): string {
	return problem.startsWith('etcd:')
		? 'coloop fleet get DIRECTORY fetches the document, and coloop fleet put brings it back mended'
		: `coloop policy lint ${directory ?? '/etc/coloop/policy.d'}`;
}

function lookAtFleet({status, now}: Evidence): Finding {
	const {fleet} = status ?? {};
	if (!fleet) {
		return status ? ok('no etcd has policy for this host') : noAnswer;
	}
	const {endpoint, problem, revision} = fleet;
	const text = fleetText(fleet, now);
	if (endpoint !== null) {
		return ok(text);
	}

	return (revision === null ? error : warning)(
		text,
		/ECONNREFUSED|ENETUNREACH|EPERM|EHOSTUNREACH|no answer/.test(problem ?? '')
			? 'is etcd up, and does a rule or a route keep us from it? coloop fleet status says whom we ask: curl ENDPOINT/version'
			: 'docs/fleet.md says what etcd and /etc/coloop/fleet.yaml have to be like',
	);
}

/** Where no daemon has. */
async function readPolicy(isDom0: boolean) {
	const {loadPolicy, policyDirs} = await import('../../policy/load.ts');
	const {documentsHere} = await import('../fleet-documents.ts');
	const {errors, warnings, dir} = await loadPolicy(policyDirs, {
		side: isDom0 ? 'dom0' : 'guest',
		documents: await documentsHere(),
	});

	return {
		errors: errors.flatMap(({message}) => message.split('\n')),
		warnings,
		directory: dir ?? null,
	};
}
