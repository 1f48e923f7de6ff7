// SPDX-License-Identifier: MIT
//
// Against the real kernel: every Linux has route and generic netlink.
import test, {type ExecutionContext} from 'ava';
import {ColoopError} from '../../../userland/errors.ts';
import {ask, control, controlAttributes, resolveFamily} from '../../../userland/kernel/genl.ts';
import {connect, type Connection, subscribe} from '../../../userland/kernel/netlink.ts';
import {errnoOf} from '../../../userland/kernel/errors.ts';

const generic = 16;
const nlctrl = {id: control.id, version: 1};

function connectFor(t: ExecutionContext): Connection {
	const connection = connect(generic);

	t.teardown(() => connection.close());

	return connection;
}

test('the family of families has the group notify', async t => {
	const connection = connectFor(t);
	const family = await resolveFamily(connection, 'nlctrl');

	t.is(family?.id, control.id);
	t.is(family?.groups.get('notify'), control.group);
	t.is(await resolveFamily(connection, 'no-such-family'), undefined);
});

test('requests asked together are answered each on its own', async t => {
	const connection = connectFor(t);
	const names = ['nlctrl', 'absent-1', 'nlctrl', 'absent-2'];
	const families = await Promise.all(names.map(name => resolveFamily(connection, name)));

	t.deepEqual(
		families.map(family => family?.id),
		[control.id, undefined, control.id, undefined],
	);
});

test('a dump gives every family', async t => {
	const connection = connectFor(t);
	const answers = await ask(
		connection,
		nlctrl,
		controlAttributes,
		control.getFamily,
		{},
		{dump: true},
	);

	t.true(answers.some(({values}) => values.familyName === 'nlctrl'));
});

test("a refusal is the kernel's sentence with the attribute it means", async t => {
	const connection = connectFor(t);
	const error = await t.throwsAsync(
		ask(connection, nlctrl, controlAttributes, control.getFamily, {
			familyName: 'x'.repeat(100),
		}),
		{instanceOf: ColoopError},
	);

	t.is(error?.code, 'KERNEL');
	t.is(error?.message, 'Attribute failed policy validation (familyName)');
	t.is(errnoOf(error), 'EINVAL');
});

test('a refusal without a sentence names the error', async t => {
	const connection = connectFor(t);
	const error = await t.throwsAsync(
		ask(connection, nlctrl, controlAttributes, control.getFamily, {familyName: 'absent'}),
	);

	t.is(error?.message, 'the kernel refused: ENOENT');
});

test('closing the connection fails what is under way', async t => {
	const connection = connectFor(t);
	const answer = resolveFamily(connection, 'nlctrl');

	await Promise.resolve();
	connection.close();
	connection.close();
	await t.throwsAsync(answer);
});

test('a group that is not there is refused at once', t => {
	const {signal} = new AbortController();

	t.throws(() => subscribe({protocol: generic, groups: [0], signal, parse: () => 1, lost: 0}), {
		instanceOf: ColoopError,
		message: 'cannot listen to netlink notifications',
	});
});
