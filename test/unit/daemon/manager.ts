// SPDX-License-Identifier: MIT
import test from 'ava';
import {serviceManager} from '../../../userland/daemon/manager.ts';

function scene(environment: Record<string, string>, failure?: Error) {
	const sent: Array<readonly [string, string]> = [];
	const warned: unknown[] = [];
	const send = (path: string, data: Uint8Array) => {
		sent.push([path, Buffer.from(data).toString()]);
		if (failure) {
			throw failure;
		}
	};

	return {
		...{sent, warned},
		manager: serviceManager(environment, error => warned.push(error), {pid: 7, send}),
	};
}

test('systemd is told in its words', t => {
	const {manager, sent} = scene({NOTIFY_SOCKET: '@/run/x'});
	manager.ready();
	manager.status('2 peers,\n1 channel');
	manager.alive();
	manager.stopping();
	t.deepEqual(sent, [
		['@/run/x', 'READY=1\n'],
		['@/run/x', 'STATUS=2 peers, 1 channel\n'],
		['@/run/x', 'WATCHDOG=1\n'],
		['@/run/x', 'STOPPING=1\n'],
	]);
	manager.reloading();
	t.regex(sent[4]?.[1] ?? '', /^RELOADING=1\nMONOTONIC_USEC=\d+\n$/);
});

test('where nobody asked, nobody is told', t => {
	for (const environment of [{}, {NOTIFY_SOCKET: ''}]) {
		const {manager, sent} = scene(environment);
		manager.ready();
		manager.alive();
		t.deepEqual(sent, []);
		t.is(manager.watchdogMs, undefined);
	}
});

test('a manager that cannot be told is warned of once', t => {
	const {manager, sent, warned} = scene({NOTIFY_SOCKET: '/gone'}, new Error('ENOENT'));
	manager.ready();
	manager.alive();
	t.deepEqual([sent.length, warned.length], [1, 1]);
});

test('the watchdog is whose number it says', t => {
	const of = (environment: Record<string, string>) => scene(environment).manager.watchdogMs;
	t.is(of({WATCHDOG_USEC: '60000000'}), 60_000);
	t.is(of({WATCHDOG_USEC: '60000000', WATCHDOG_PID: '7'}), 60_000);
	t.is(of({WATCHDOG_USEC: '60000000', WATCHDOG_PID: '8'}), undefined);
	for (const wrong of ['', '0', '-1', 'x', '1.5']) {
		t.is(of({WATCHDOG_USEC: wrong}), undefined, wrong);
	}
});
