// SPDX-License-Identifier: MIT
import {readFile} from 'node:fs/promises';
import test from 'ava';
import {findPlaces, unlisted} from '../../audit/find.ts';

const kinds = (body: string, head = 'static int f(struct coloop_rx *rx)') =>
	findPlaces('x.c', `${head}\n{\n\t${body}\n}\n`).map(({kind}) => kind);

for (const [body, ...expected] of [
	['return READ_ONCE(rx->peer->prod);', 'page'],
	['u32 cons = virt_load_acquire(&ch->tx.peer->cons);', 'page'],
	['return rx->peer->prod;', 'naked'],
	['return READ_ONCE(rx->peer->prod) + rx->peer->prod;', 'page', 'naked'],
	['return READ_ONCE(rx->peer->prod) - READ_ONCE(rx->peer->prod);', 'page', 'twice'],
	['return READ_ONCE(rx->peer->prod) - READ_ONCE(rx->peer->cons);', 'page'],
	['return (*rx->peer).prod;', 'naked'],
	['struct coloop_control copy = *queue->rx.peer;', 'naked'],
	['memcpy(&copy, queue->tx.peer, sizeof(copy));', 'naked'],
	['const u32 *words = (const void *)queue->control_map.address[0];', 'naked'],
	['const struct coloop_control *peer = (const void *)queue->control_map.address[0];'],
	['return rx->pages[0][0];', 'naked'],
	['return ((const struct coloop_record *)rx_at(rx, index))->len;', 'ring', 'naked'],
	['ring_copy_record(record, rx_at(rx, rx->cons));', 'ring'],
	['coloop_copy(to, rx_at(rx, index), part);', 'ring'],
	['memcpy(to, rx_at(rx, index), len);', 'ring', 'naked'],
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
	const source =
		'int a(void)\n{\n}\n\nstatic inline enum x\nb(int c)\n{\n\trx->peer->cons_event;\n}\n';
	t.like(findPlaces('x.h', source)[0], {key: 'x.h:b', line: 8});
});

test('the copy of a record is two reads of eight bytes, and no other look', t => {
	const head = 'static void ring_copy_record(struct coloop_record *record, const u8 *from)';
	t.deepEqual(kinds('words[0] = READ_ONCE(((const u64 *)from)[0]);', head), ['ring']);
	t.deepEqual(kinds('memcpy(record, from, sizeof(*record));', head), ['naked']);
});

test('a control page by another name is found, and so is a read in a macro', t => {
	const head = 'static u32 h(struct coloop_queue *queue)';
	const body = 'const struct coloop_control *theirs = queue->rx.peer;\n\treturn theirs->prod;';
	t.deepEqual(kinds(body, head), ['naked']);
	const macro = '#define is_closing(rx) (READ_ONCE(rx->peer->side) == 3)\n';
	t.like(findPlaces('x.h', macro), [{key: 'x.h:', kind: 'page'}]);
});

test('every word that two domains share is looked for', async t => {
	const wire = await readFile('kmod/wire.h', 'utf8');
	t.deepEqual(unlisted(wire), []);
	t.deepEqual(unlisted(wire.replace('\tu32 side;', '\tu32 side;\n\tu32 mood;')), [
		'struct coloop_control: mood',
	]);
	t.deepEqual(unlisted(wire.replace('struct coloop_record {', 'struct other {')), [
		'struct coloop_record is not there',
	]);
});
