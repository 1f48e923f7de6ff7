// SPDX-License-Identifier: MIT
import {chmod} from 'node:fs/promises';
import {join} from 'node:path';
import test from 'ava';
import {domainPath, pathsOf} from '../../userland/xenstore/paths.ts';
import {parseAnnouncement} from '../../userland/xenstore/announcement.ts';
import {allowAll, type Dom0} from './harness/dom0.ts';
import {sharedDom0, withDom0} from './harness/with-dom0.ts';

const onDom0 = sharedDom0(test, {guests: ['web', 'db', 'other']});

/** As `xl rename` does; `guest` stays what the cases call it. */
const rename = (dom0: Dom0, guest: string, name: string) =>
	dom0.xen.write(`${domainPath(dom0.guest(guest).domid)}/name`, name);

/** What the status says of a pair, once it says that. */
const code = (dom0: Dom0, a: string, b: string, wanted: string | null) =>
	dom0.until(`${a} and ${b}: ${wanted}`, async () => (await dom0.pair(a, b))?.code === wanted);

test(
	'guests with names as people write them are allowed by these names',
	onDom0(async (dom0, t) => {
		await rename(dom0, 'web', 'Debian 12 (web)');
		await rename(dom0, 'db', 'Сервер/数据库 😀');
		await dom0.setPolicy(
			'version: 1\npairs:\n  - allow: [Debian 12 (web), "Сервер/数据库 😀"]\n',
		);
		await dom0.withdrawn('web', 'other');
		await dom0.announced('web', 'db');
		t.regex(await dom0.coloop('-br'), /^Debian 12 \(web\) <-> Сервер\/数据库 😀 +3 4 +ready/m);
		const {pairs} = JSON.parse(
			await dom0.coloop('show', 'Debian 12 (web)', 'Сервер/数据库 😀', '-j'),
		);
		t.like(pairs, [{state: 'ready', b: {uuid: '00000000-0000-4000-8000-000000000004'}}]);
		await dom0.setPolicy(allowAll);
		await rename(dom0, 'web', 'web');
		await rename(dom0, 'db', 'db');
	}),
);

test(
	'a name that cannot be announced is the affair of its guest alone',
	onDom0(async (dom0, t) => {
		for (const name of ['数'.repeat(450), 'a\u001b[2J', 'x'.repeat(257)]) {
			const kept = dom0.keeps('web', 'db', 1000);
			await rename(dom0, 'other', name);
			await code(dom0, 'web', 'other', 'name');
			await dom0.withdrawn('web', 'other');
			t.true(await kept);
		}
		await rename(dom0, 'other', '数'.repeat(85));
		await dom0.announced('web', 'other');
		await rename(dom0, 'other', 'other');
		await dom0.announced('web', 'other');
	}),
);

test(
	'a guest that takes the name of another has it allow neither',
	onDom0(async (dom0, t) => {
		await rename(dom0, 'other', 'db');
		t.log('withdrawn in', await dom0.withdrawn('web', 'db', {within: 1000}));
		await dom0.withdrawn('web', 'other');
		t.like(await dom0.pair('web', 'db'), {state: 'refused', code: 'name'});
		t.regex(
			(await dom0.pair('web', 'db'))?.reason ?? '',
			/domain 4 \(\S+4\) and domain 5 \(\S+5\)/,
		);
		await rename(dom0, 'other', 'other');
		await dom0.announced('web', 'db', {within: 1000});

		await rename(dom0, 'other', 'Domain-0');
		await code(dom0, 'web', 'other', 'name');
		t.true(await dom0.keeps('web', 'db'));
		await rename(dom0, 'other', 'other');
		await dom0.announced('web', 'other');
	}),
);

test(
	"a stub domain with its guest's address comes and goes unnoticed",
	onDom0(async (dom0, t) => {
		const [stub, guest] = [9, dom0.guest('web')];
		const backend = `/local/domain/0/backend/vif/${stub}`;
		const kept = dom0.keeps('web', 'db', 1500);
		await dom0.sh(
			`ip link add vif${stub}.0 type veth peer name stub${stub}
			ip link set vif${stub}.0 address fe:ff:ff:ff:ff:ff master xenbr0 up`,
			{undo: `ip link del vif${stub}.0`},
		);
		await dom0.xenstored.introduce(stub, 'web-dm');
		await dom0.xen.write(`${domainPath(stub)}/target`, String(guest.domid));
		await dom0.xen.write(`${backend}/0/mac`, guest.mac);
		await dom0.xen.write(`${backend}/0/state`, '4');
		t.true(await kept);
		t.false((await dom0.coloop('list', '--all', '-j')).includes('web-dm'));
		await dom0.xen.remove(backend);
		await dom0.xenstored.release(stub);
	}),
);

test(
	'a policy that others may write is refused, and the last good one stays in force',
	onDom0(async (dom0, t) => {
		const file = join(dom0.namespace.run, 'policy.d/10-test.yaml');
		const errors = async () => (await dom0.ask({op: 'status'}))?.policy_errors.join() ?? '';
		await chmod(file, 0o666);
		await dom0.until('refused', async () => (await errors()) !== '');
		t.regex(
			await errors(),
			/^\/run\/policy\.d\/10-test\.yaml:1:1: error: .*mode 0666.*chmod go-w/,
		);
		t.true(await dom0.keeps('web', 'db'));
		await chmod(file, 0o644);
		await dom0.until('mended', async () => (await errors()) === '');
	}),
);

for (const xenstored of ['oxenstored', 'xenstored'] as const) {
	test(
		`${xenstored} takes the announcement of the longest name there may be`,
		withDom0({guests: ['web', 'db'], xenstored}, async dom0 => {
			await dom0.announced('web', 'db');
			for (const name of ['('.repeat(256), '数'.repeat(85), '😀'.repeat(64)]) {
				await rename(dom0, 'db', name);
				const path = `${pathsOf(3).peers}/4`;
				await dom0.until(name, async () => {
					const told = parseAnnouncement((await dom0.xen.read(path)) ?? '');

					return told?.name === name;
				});
			}
			// The other end is told a moment later.
			await dom0.announced('web', 'db');
		}),
	);
}
