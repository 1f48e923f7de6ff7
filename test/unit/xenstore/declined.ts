// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	declineCodes,
	isRefusal,
	parseDeclined,
	renderDeclined,
} from '../../../userland/xenstore/declined.ts';
import {declinedText, ordinaryText, ownOrdinaryText} from '../../../userland/daemon/ordinary.ts';
import {ordinarys} from '../../../userland/kernel/constants.ts';

test('a code and its detail survive the way through XenStore', t => {
	for (const code of Object.keys(declineCodes)) {
		for (const detail of [undefined, 'xdp', 'no-hook', 'reason-98']) {
			t.deepEqual(parseDeclined(renderDeclined({code, detail})), {code, detail});
		}
	}
	t.deepEqual(parseDeclined('tomorrow'), {code: 'tomorrow', detail: undefined});
});

for (const text of [
	...['', ' ', 'policy ', ' policy', 'policy  xdp', 'Policy', 'policy xdp more', '7', '-'],
	...['a\u001b[2J', 'policy\n', 'x'.repeat(17), `device ${'x'.repeat(33)}`, 'device -x'],
]) {
	test(`not a decline: ${JSON.stringify(text)}`, t => {
		t.is(parseDeclined(text), undefined);
	});
}

test('a decline is a sentence, also one of a newer endpoint', t => {
	const text = (code: string, detail?: string) => declinedText('b', 'a', {code, detail});

	t.is(text('policy'), 'b declines: its policy denies a');
	t.is(text('held'), 'b declines: taken down there with `coloop down`');
	t.is(text('device'), 'b declines: no interface beside its coloop0 has the announced address');
	t.is(
		text('device', 'inactive'),
		'b declines: its interface is a port of a bond or team that receives nothing now',
	);
	t.is(
		text('rules', 'qdisc'),
		'b sends to a by the ordinary path: ' +
			'the queueing discipline of its interface promises a rate or an order, or filters',
	);
	t.is(text('tomorrow', 'x'), 'b declines: tomorrow x');
	t.is(text('device', 'reason-98'), 'b declines: its interface: reason-98');
});

test('only rules leave the channel up', t => {
	t.deepEqual(
		Object.keys(declineCodes).filter(code => !isRefusal({code, detail: undefined})),
		['rules'],
	);
	t.false(isRefusal(undefined));
});

test('what keeps a whole device on the ordinary path has a sentence', t => {
	const whole = ['qdisc', 'tc', 'xdp', 'inactive', 'netns', 'no-hook'];
	t.deepEqual(
		whole.filter(reason => !(ordinarys as readonly string[]).includes(reason)),
		[],
	);
	for (const reason of whole) {
		t.notRegex(ordinaryText(reason, 'eth0'), /^eth0: /);
	}
	t.is(
		ownOrdinaryText('tc', 'eth0'),
		'a tc egress program or filter of eth0 decides (tc filter show egress dev eth0)',
	);
	t.is(
		ownOrdinaryText('no-hook', 'eth0'),
		'this kernel was built without CONFIG_NETFILTER_EGRESS',
	);
});
