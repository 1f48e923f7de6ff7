// SPDX-License-Identifier: MIT
import test from 'ava';
import {isControlDomain} from '../../../userland/xenstore/control-domain.ts';

type Texts = Readonly<Record<string, string>>;

const features = '/sys/hypervisor/properties/features';
const capabilities = '/proc/xen/capabilities';

const cases: ReadonlyArray<readonly [string, Texts, boolean]> = [
	['dom0 before xenfs is mounted', {[features]: '00000e45\n'}, true],
	['dom0 with xenfs', {[features]: '00000e45\n', [capabilities]: 'control_d\n'}, true],
	['dom0 whose kernel hides its features', {[capabilities]: 'control_d\n'}, true],
	['a guest', {[features]: '00000645\n', [capabilities]: ''}, false],
	['a guest before xenfs is mounted', {[features]: '00000645\n'}, false],
	[
		'a guest that keeps a xenstored of its own',
		{[features]: '00000645\n', '/run/xenstored/socket': ''},
		false,
	],
	['a machine that shows nothing but a socket', {'/var/run/xenstored/socket': ''}, true],
	['features that are no number', {[features]: 'none\n', [capabilities]: 'control_d\n'}, true],
	['a machine without Xen', {}, false],
];

for (const [what, texts, expected] of cases) {
	test(`${what}: ${expected ? 'the control domain' : 'none'}`, async t => {
		const files = {
			read: async (path: string) => texts[path],
			list: async (folder: string) =>
				Object.keys(texts)
					.filter(path => path.startsWith(`${folder}/`))
					.map(path => path.slice(folder.length + 1)),
		};
		t.is(await isControlDomain(files), expected);
	});
}
