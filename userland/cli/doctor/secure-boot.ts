// SPDX-License-Identifier: MIT
import {version} from '../../control/version.ts';
import type {System} from '../system.ts';
import {line, type Check, type Evidence} from './check.ts';
import {error, ok, skipped, type Finding} from './finding.ts';

/** Whether the kernel takes the module at all. */
export const secureBootCheck: Check = {
	name: 'Secure Boot',
	reads: "EFI's variable SecureBoot, the kernel's lockdown, modinfo, mokutil",
	look: lookAtSecureBoot,
};

const efiVariable = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c';

/** Where Debian's dkms keeps the key that it signs with. */
const certificate = '/var/lib/dkms/mok.pub';

async function lookAtSecureBoot({system}: Evidence): Promise<Finding> {
	const why = await enforcedBy(system);
	if (why === undefined) {
		return ok('the kernel takes modules that nobody signed');
	}
	const signer = await system.run('modinfo', '-F', 'signer', 'coloop');
	if (signer === undefined || signer.status !== 0) {
		return skipped(`signatures are checked (${why}), and no module is installed yet`);
	}
	const name = signer.out.trim();
	if (name === '') {
		return error(
			`the kernel takes signed modules only (${why}), and the installed one is not signed`,
			await howToSign(system),
		);
	}
	const isLoaded = (await system.list('/sys/module/coloop')).length > 0;
	const enrolled = await system.run('mokutil', '--test-key', certificate);

	return !isLoaded && /is not enrolled/.test(enrolled?.out ?? '')
		? error(
				`the kernel takes modules only that a key it trusts has signed (${why}), and the key of ${name} is none yet`,
				enrol,
			)
		: ok(`signatures are checked (${why}); the module's is of ${name}`);
}

/** What has the kernel ask for signatures; undefined: nothing does. */
async function enforcedBy(system: System): Promise<string | undefined> {
	const variable = await system.read(efiVariable);
	const lockdown = await line(system, '/sys/kernel/security/lockdown');
	const locked = /\[(\w+)\]/.exec(lockdown ?? '')?.[1] ?? 'none';
	const enforced = await line(system, '/sys/module/module/parameters/sig_enforce');
	if (variable?.endsWith('\u0001')) {
		return 'Secure Boot';
	}
	if (locked !== 'none') {
		return `lockdown ${locked}`;
	}

	return enforced === 'Y' ? 'module.sig_enforce' : undefined;
}

const enrol = `mokutil --import ${certificate} asks for a password; reboot, and give it to "Enroll MOK" on the console`;

/** dkms makes itself a key where there is none, and openssl; it signs what it builds from then on. */
async function howToSign(system: System): Promise<string> {
	const sign = `dkms build --force coloop/${version} && dkms install --force coloop/${version}`;

	return (await system.read(certificate)) === undefined
		? `apt install openssl mokutil, with which dkms makes itself a key; ${sign}; ${enrol}`
		: `${sign}; ${enrol}`;
}
