// SPDX-License-Identifier: MIT
//
// The real coloopd and coloop of a dom0 without Xen, with a real etcd in the same namespaces.
import {once} from 'node:events';
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {env} from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {program} from '../dom0/harness/coloopd.ts';
import {Dom0} from '../dom0/harness/dom0.ts';
import {prefix} from './harness/host.ts';

const endpoint = 'http://127.0.0.1:2379';
const config = `version: 1\nendpoints: ['${endpoint}']\n`;
const allow = 'version: 1\npairs:\n  - allow: [web, db]\n';
const deny =
	'version: 1\npairs:\n  - deny: [web, "*"]\nlimits:\n  - {domain: web, rate: 1 Gbit/s}\n';

/** /etc of their own: the programs find there which etcd there is, as on a host. */
const setUp = `
	ip link set lo up
	mkdir -p /run/own && mount -t tmpfs none /run/own && mkdir /run/own/upper /run/own/work
	mount -t overlay none -o lowerdir=/etc,upperdir=/run/own/upper,workdir=/run/own/work /etc
	mkdir -p -m 755 /etc/coloop/policy.d
	printf '${config.replaceAll("'", "'\\''")}' >/etc/coloop/fleet.yaml
`;

/** `put` writes a document; `kill` ends the etcd as a machine that fails. */
async function openFleet(t: ExecutionContext) {
	const dom0 = await Dom0.open({guests: ['web', 'db'], setUp, start: false});
	t.teardown(() => dom0.close());
	const PATH = `${env['PATH'] ?? ''}`;
	const etcd = dom0.namespace.start(
		[
			...[
				'etcd',
				'--data-dir',
				'/run/own/etcd',
				'--logger',
				'zap',
				'--log-outputs',
				'stderr',
			],
			...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
		],
		{stdio: 'ignore', env: {PATH}},
	);
	const ctl = (words: string) =>
		dom0.sh(`PATH='${PATH}' ETCDCTL_API=3 etcdctl --endpoints ${endpoint} ${words}`);
	await dom0.until(
		'etcd answers',
		() =>
			ctl('endpoint health').then(
				() => true,
				() => false,
			),
		{
			within: 30_000,
		},
	);

	return {
		dom0,
		put: async (name: string, text: string) => {
			const place = join(dom0.namespace.run, name);
			await writeFile(place, text);
			await ctl(`put ${prefix}${name} </run/${name}`);
		},
		async kill() {
			etcd.kill('SIGKILL');
			await once(etcd, 'exit');
			await dom0.sh('pkill -KILL -x etcd || true');
		},
		/** What the CLI says, and its status. */
		coloop: (words: string) =>
			dom0.sh(
				`STATE_DIRECTORY=/run/coloop ${program('coloop').join(' ')} ${words} 2>&1 && echo 'status 0' || echo "status $?"`,
			),
	};
}

test('a change in etcd is in force in dom0, and stays so while etcd is away', async t => {
	const {dom0, put, kill, coloop} = await openFleet(t);
	await dom0.setPolicy('version: 1\naccept:\n  - allow: "*"\n');
	await put('20-fleet.yaml', deny);
	dom0.start();
	await dom0.shows('web', 'db', {
		code: 'policy',
		reason: `denied by etcd:${prefix}20-fleet.yaml:3:5`,
	});
	await put('20-fleet.yaml', allow);
	t.log('announced in', await dom0.announced('web', 'db'));
	await put('20-fleet.yaml', 'version: 1\npairs:\n  - allow: [web]\n');
	t.true(await dom0.keeps('web', 'db', 1500), 'what is broken is not taken');
	t.regex(await coloop('status'), /etcd:\/coloop\/policy\/20-fleet\.yaml:3:12: error: /);
	await put('20-fleet.yaml', allow);

	await kill();
	t.true(await dom0.keeps('web', 'db', 1500));
	await dom0.coloopd.stop();
	dom0.start();
	t.true(
		await dom0.keeps('web', 'db', 1500),
		'a daemon that starts without etcd has what was good',
	);
	await dom0.setPolicy('version: 1\npairs:\n  - deny: [web, db]\n');
	await dom0.withdrawn('web', 'db');
	t.pass();
});

test('policy test, show and diff go by what etcd has beside the files', async t => {
	const {dom0, put, coloop} = await openFleet(t);
	await put('20-fleet.yaml', deny);
	const folder = join(dom0.namespace.run, 'new');
	await mkdir(folder);
	await writeFile(join(folder, '10-site.yaml'), allow, {mode: 0o644});
	t.regex(await coloop('policy test web db'), /error|coloopd has not read it yet/);
	dom0.start('--policy', '/etc/coloop/policy.d');
	await dom0.shows('web', 'db', {
		code: 'policy',
		reason: `denied by etcd:${prefix}20-fleet.yaml:3:5`,
	});

	const tested = await coloop('policy test web db');
	t.regex(tested, /^web <-> db: deny \(etcd:\/coloop\/policy\/20-fleet\.yaml:3:5\)/);
	t.regex(tested, /status 1\s*$/);
	const shown = await coloop('policy show --effective');
	t.regex(shown, /# etcd:\/coloop\/policy\/20-fleet\.yaml:3:5\n {2}- deny: \[web, "\*"\]/);
	t.regex(shown, /- domain: web\n {4}rate: 1 Gbit\/s/);
	t.regex(
		await coloop('policy diff /run/new/10-site.yaml'),
		/^\+ pairs: allow \[web, db\] \(10-site\.yaml:3:5\)/,
	);

	await coloop('policy apply /run/new/10-site.yaml');
	/* The file in front allows it; the document's limits hold, which these guests do not know. */
	await dom0.shows('web', 'db', {code: 'limits'});
	t.regex(await coloop('policy test web db'), /^web <-> db: allow \(10-site\.yaml:3:5\)/);
});
