// SPDX-License-Identifier: MIT
import test from 'ava';
import {conform, isDoubtful} from '../../conform/rounds.ts';
import {summary} from '../../conform/table.ts';
import {withChannel} from '../channel.ts';
import {labWith} from '../with-lab.ts';

test(
	'programs, captures and counters cannot tell the channel from netfront, in short',
	labWith({mode: 'icount'}),
	withChannel(async (t, {lab}) => {
		const comparisons = await conform(lab, ['fast'], () => {});
		t.log(summary(comparisons));
		t.deepEqual(
			comparisons.filter(isDoubtful).map(({name, notes}) => [name, ...notes]),
			[],
		);
		t.true(comparisons.filter(({verdict}) => verdict === 'same').length >= 25);
	}),
);
