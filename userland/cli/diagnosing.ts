// SPDX-License-Identifier: MIT
import {parseSeconds, type Shell} from './command.ts';

/** `status`, `doctor`. */
export function addDiagnosing(shell: Shell): void {
	addStatus(shell);
	addDoctor(shell);
}

type StatusOptions = {wait?: true; timeout: number; json?: true};

function addStatus({program, console, exit, socket}: Shell): void {
	program
		.command('status')
		.summary('whether all is well, on one screen; exits with 1 where not')
		.description(
			'Module, daemon, role, XenStore, policy, channels by state and the last errors on one screen. Exits with 0 where all is well, with 1 where not: `healthy` and `faults` of its JSON say so.',
		)
		.option('-w, --wait', 'until all is well')
		.option('-t, --timeout <seconds>', 'how long to wait', parseSeconds, 60)
		.option('-j, --json', 'the same, for programs')
		.action(async ({wait, timeout, json}: StatusOptions) => {
			const {readOverview} = await import('./overview.ts');
			const system = await systemOf(console);
			const overview = await readOverview(socket(), system, wait ? timeout * 1000 : 0);
			if (json) {
				const {ownJson} = await import('./json.ts');
				console.out(ownJson(overview));
			} else {
				const {overviewLines} = await import('./overview-lines.ts');
				overviewLines(overview, console.now()).forEach(console.out);
			}
			exit.status = overview.healthy ? 0 : 1;
		});
}

function addDoctor({program, console, exit, socket}: Shell): void {
	program
		.command('doctor')
		.summary('everything that could be wrong, each with what to do')
		.description(
			'Looks at everything that could be wrong, also where the daemon does not run, and says of each what to do. Changes nothing. The last line is for an issue report. Exits with 1 where something is an error.',
		)
		.option('-j, --json', 'the same, for programs')
		.action(async ({json}: {json?: true}) => {
			const {diagnose, diagnosisLines} = await import('./doctor/doctor.ts');
			const diagnosis = await diagnose(await systemOf(console), socket(), console.now());
			if (json) {
				const {ownJson} = await import('./json.ts');
				console.out(ownJson(diagnosis));
			} else {
				diagnosisLines(diagnosis).forEach(console.out);
			}
			exit.status = diagnosis.findings.some(({verdict}) => verdict === 'error') ? 1 : 0;
		});
}

async function systemOf({system}: Shell['console']) {
	return system ?? (await import('./system.ts')).realSystem;
}
