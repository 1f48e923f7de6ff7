// SPDX-License-Identifier: MIT
import test from 'ava';
import {fakeXenStore} from '../fakes/xenstore.ts';
import {cases, runCase} from './_cases.ts';

for (const domid of [0, 7]) {
	for (const each of cases) {
		test(`in memory, domain ${domid}: ${each.name}`, async t => {
			const xenstore = fakeXenStore();
			const base = domid === 0 ? '/tool/conformance' : 'data/conformance';

			await t.notThrowsAsync(
				runCase(each, {
					store: xenstore.connect(domid),
					other: xenstore.connect(domid),
					base,
					domid,
				}),
			);
		});
	}
}
