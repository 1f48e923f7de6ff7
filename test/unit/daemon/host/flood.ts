// SPDX-License-Identifier: MIT
import test from 'ava';
import {floods, handshakesBeside} from '../../../bench-control/handshakes.ts';

/* What a guest may cost at once, see budget.ts: 100 and 4 for each of the 31 domains. */
const burst = 224;

for (const [what, flood] of Object.entries(floods)) {
	test(`a guest that writes its ${what} at full rate delays nobody`, async t => {
		const {calm, early, late, writes, reads} = await handshakesBeside(30, flood);

		for (const beside of [early, late]) {
			t.true(beside.turns <= 2 * calm.turns, `${beside.turns} turns, ${calm.turns} before`);
			t.true(beside.reads <= 2 * calm.reads, `${beside.reads} reads, ${calm.reads} before`);
		}
		t.true(writes > 1000);
		t.true(reads <= burst, `${reads} reads`);
	});
}
