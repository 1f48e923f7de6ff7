// SPDX-License-Identifier: MIT
import test from 'ava';
import {findPlaces} from '../../audit/find.ts';

const kinds = (body: string, head = 'static int f(struct coloop_rx *rx)') =>
	findPlaces('x.c', `${head}\n{\n\t${body}\n}\n`).map(({kind}) => kind);

for (const [body, ...expected] of [
	['return READ_ONCE(rx->peer->prod);', 'page'],
	['u32 cons = virt_load_acquire(&ch->tx.peer->cons);', 'page'],
	['return rx->peer->prod;', 'naked'],
	['return READ_ONCE(rx->peer->prod) + rx->peer->prod;', 'page', 'naked'],
	['memcpy(to, rx_at(rx, index), len);', 'ring'],
	['if (record->len > 4)', 'record'],
	['u32 v = nla_get_u32(tb[COLOOP_A_CHANNEL_ORDER]);', 'netlink'],
	['if (ops[i].status)', 'xen'],
	['rx->own->cons = 1; /* not rx->peer->cons */'],
	['peer->epoch = config->epoch;'],
] as const) {
	test(`${body} is ${expected.join(' and ') || 'nothing'}`, t => {
		t.deepEqual(kinds(body), [...expected]);
	});
}

test('in a function with a control page of its own, peer alone is one', t => {
	const head = 'static void g(const struct coloop_control *peer)';
	t.deepEqual(kinds('copy->order = peer->order;', head), ['naked']);
	t.deepEqual(kinds('copy->order = READ_ONCE(peer->order);', head), ['page']);
});

test('a place belongs to its function, whose name may be on the second line', t => {
	const source = 'int a(void)\n{\n}\n\nstatic inline enum x\nb(int c)\n{\n\trx->peer->want;\n}\n';
	t.like(findPlaces('x.h', source)[0], {key: 'x.h:b', line: 8});
});
