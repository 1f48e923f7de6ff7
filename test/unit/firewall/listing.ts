// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseListing} from '../../../userland/firewall/listing.ts';
import {captured} from './_fixtures.ts';

for (const [version, fixtures] of captured) {
	test(`nft ${version}: every rule of every capture has its text`, t => {
		for (const {ruleset, listing} of fixtures.values()) {
			for (const {family, table, chain, handle} of ruleset.rules) {
				const text = listing.textOf({table: `${family} ${table}`, chain, handle});
				t.regex(text ?? 'none', /^(?!none$)[^\t\n]+$/);
			}
		}
	});

	test(`nft ${version}: every chain of a device has its devices`, t => {
		const devices = (name: string) => fixtures.get(name)?.ruleset.chains[0]?.base?.devices;

		t.deepEqual(devices('netdev-vif'), ['vif3.0']);
		t.deepEqual([...(devices('netdev-vifs') ?? [])].sort(), ['vif3.0', 'vif4.0']);
		t.deepEqual(devices('netdev-bridge-egress'), ['xenbr0']);
		t.deepEqual(devices('inet-ingress'), ['vif3.0']);
		t.is(devices('inet-input'), undefined);
	});
}

test('warnings, comments and odd names do not mislead', t => {
	const listing =
		parseListing(`# Warning: table ip filter is managed by iptables-nft, do not touch!
table ip filter { # handle 1
	comment "# handle 3"
	chain odd name { # handle 1
		comment "{ # handle 4"
		type filter hook forward priority 0; policy accept;
		counter accept # handle 2
	}
}`);

	t.is(listing.textOf({table: 'ip filter', chain: 'odd name', handle: 2}), 'counter accept');
});

test('any text is a listing of something or nothing', t => {
	const listing = parseListing(
		'} # handle 7\n\tchain x {\ntable a b {\n\tchain c {\n\t\tfoo # handle 9',
	);

	t.is(listing.textOf({table: 'a b', chain: 'c', handle: 9}), 'foo');
	t.is(listing.textOf({table: 'a b', chain: 'c', handle: 7}), undefined);
});
