// SPDX-License-Identifier: MIT
import test from 'ava';
import {reloadModule, type ModuleTools} from '../../../userland/cli/module.ts';
import {ColoopError} from '../../../userland/errors.ts';

type Build = {readonly version: string; readonly srcversion: string};

const old = {version: '0.1.0', srcversion: 'AAAA'};
const young = {version: '0.2.0', srcversion: 'BBBB'};

/** A machine whose kernel has loaded one build while another is installed; what fails says so. */
function machine(
	{loaded, installed}: {loaded?: Build; installed?: Build},
	failures: Readonly<Record<string, string>> = {},
) {
	const done: string[] = [];
	let now = loaded;
	const tools: ModuleTools = {
		kernel: '6.12.9',
		async run(program, ...words) {
			if (failures[program] !== undefined) {
				throw Object.assign(new Error('Command failed'), {stderr: failures[program]});
			}
			if (program === 'modinfo') {
				if (!installed) {
					throw Object.assign(new Error('x'), {stderr: 'modinfo: ERROR: not found'});
				}

				return `${installed[words[1] as keyof Build]}\n`;
			}
			done.push([program, ...words].join(' '));
			now = program === 'rmmod' ? undefined : installed;

			return '';
		},
		read: async name => (now ? `${now[name as keyof Build]}\n` : undefined),
	};

	return {done, reload: (isForced = false) => reloadModule({isForced}, tools)};
}

test('the module that is loaded is replaced by the one that is installed', async t => {
	const {done, reload} = machine({loaded: old, installed: young});
	t.deepEqual(await reload(), [
		'module 0.2.0 (BBBB) replaces 0.1.0 (AAAA)',
		'channels come back with the next packets',
	]);
	t.deepEqual(done, ['rmmod coloop', 'modprobe coloop']);
});

test('one that is the same stays, unless that is not wanted', async t => {
	const {done, reload} = machine({loaded: old, installed: old});
	t.regex((await reload())[0] ?? '', /is the one that is installed: 0\.1\.0 \(AAAA\)/);
	t.deepEqual(done, []);
	await reload(true);
	t.is(done.length, 2);
	const rebuilt = machine({loaded: old, installed: {...old, srcversion: 'CCCC'}});
	await rebuilt.reload();
	t.is(rebuilt.done.length, 2);
});

test('where none is loaded, it is loaded', async t => {
	const {done, reload} = machine({installed: young});
	t.deepEqual(await reload(), ['module 0.2.0 (BBBB) is loaded; none was']);
	t.deepEqual(done, ['modprobe coloop']);
});

test('nothing is unloaded where nothing would follow', async t => {
	const {done, reload} = machine({loaded: old});
	const error = await t.throwsAsync(reload(), {instanceOf: ColoopError});
	t.is(error.code, 'NO_MODULE');
	t.is(error.message, 'no module coloop is installed for Linux 6.12.9');
	t.regex(error.hint ?? '', /linux-headers-6\.12\.9/);
	t.deepEqual(done, []);
});

test('what the kernel refuses is said, and what that leaves', async t => {
	const busy = {rmmod: 'rmmod: ERROR: Module coloop is in use\n'};
	const stays = machine({loaded: old, installed: young}, busy);
	await t.throwsAsync(stays.reload(), {
		message: 'the module stays loaded: rmmod: ERROR: Module coloop is in use',
	});
	t.deepEqual(stays.done, []);
	const untrusted = {modprobe: 'modprobe: ERROR: Key was rejected by service\n'};
	const error = await t.throwsAsync(
		machine({loaded: old, installed: young}, untrusted).reload(),
		{instanceOf: ColoopError},
	);
	t.regex(error.message, /the old module is gone and the new one cannot be loaded: .*rejected/);
	t.regex(error.hint ?? '', /ordinary path/);
});
