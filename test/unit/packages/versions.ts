// SPDX-License-Identifier: MIT
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import test from 'ava';
import {version} from '../../../userland/control/version.ts';
import {repository} from '../../lab/paths.ts';

/* dkms looks for the module under the version that dkms.conf says, which dh_dkms takes from the changelog. */
const places: Readonly<Record<string, RegExp>> = {
	'package.json': /"version": "([^"]+)"/,
	'debian/changelog': /^coloop \(([^)]+)-[^)-]+\)/,
	'kmod/dkms.conf': /^PACKAGE_VERSION="([^"]+)"/m,
	'kmod/main.c': /^MODULE_VERSION\("([^"]+)"\)/m,
};

for (const [file, pattern] of Object.entries(places)) {
	test(`${file} says the version of the control plane`, async t => {
		t.is(pattern.exec(await readFile(join(repository, file), 'utf8'))?.[1], version);
	});
}

test('the unit has no setting that V8 does not bear, and each once', async t => {
	const unit = await readFile(join(repository, 'debian/coloop.coloopd.service'), 'utf8');
	const settings = unit
		.split('\n')
		.flatMap(line => /^([A-Za-z]+)=/.exec(line)?.[1] ?? [])
		.filter(name => !['ConditionPathExists', 'SystemCallFilter'].includes(name));
	t.false(settings.includes('MemoryDenyWriteExecute'));
	/* It would hide /proc/kallsyms, by which the old ebtables is found: nothing found would mean yes. */
	t.false(settings.includes('ProtectKernelTunables'));
	t.deepEqual([...new Set(settings)], settings);
	/* Of two lists that contradict each other the later one counts. */
	t.regex(unit, /SystemCallFilter=~@privileged\nSystemCallFilter=bpf\n/);
});
