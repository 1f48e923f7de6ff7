// SPDX-License-Identifier: MIT
import test from 'ava';
import {renderLimits} from '../../../userland/limits.ts';
import {PolicyError} from '../../../userland/policy/errors.ts';
import {decideLimits} from '../../../userland/policy/match.ts';
import {parsePolicy} from '../../../userland/policy/parse.ts';
import {parseRate} from '../../../userland/policy/rate.ts';

const policy = parsePolicy(
	`version: 1
tags:
  web: [web-*]
limits:
  - domain: {tag: web}
    addresses: [10.0.1.0/24, 10.0.1.7, fd00::1]
    rate: 100 Mbit/s
  - domain: web-1
    rate: 1 Mbit/s
  - domain: db
    addresses: []
    guards: [ra, dhcp, ra]
`,
	'30-site.yaml',
);
const of = (
	...given: Parameters<typeof decideLimits> extends [unknown, ...infer R] ? R : never
) => {
	const rule = decideLimits(policy, ...given);

	return rule && `${renderLimits(rule.limits)} at ${rule.source.line}`;
};

test('the first that names a domain says what it may send', t => {
	t.is(of('web-1'), 'rate:100000000;from:10.0.1.0/24,10.0.1.7/32,fd00::1/128 at 5');
	t.is(of('db'), 'from:-;no:ra,dhcp at 10');
	t.is(of('mail'), undefined);
});

test('a name that is shared is limited, too', t => {
	t.is(of({name: 'db', isNameShared: true}), 'from:-;no:ra,dhcp at 10');
});

const wrong: ReadonlyArray<readonly [entry: string, message: RegExp]> = [
	[
		'domain: a',
		/x.yaml:3:5: error: limits\[0\]: expected addresses, rate or guards beside the domain, got/,
	],
	['rate: 1 Mbit/s', /limits\[0\].domain: expected a name or pattern/],
	[
		'{domain: a, addresses: [10.0.0.256]}',
		/x.yaml:3:29: error: limits\[0\].addresses\[0\]: expected an IPv4 or IPv6 address, or a prefix .*, got "10.0.0.256"/,
	],
	[
		'{domain: a, rate: 1 kbit/s}',
		/x.yaml:3:23: error: limits\[0\].rate: expected a rate from 8 kbit\/s to 400 Gbit\/s, as in 100 Mbit\/s, got "1 kbit\/s"/,
	],
	['{domain: a, rate: 100}', /limits\[0\].rate: expected a rate .*, got 100/],
	[
		'{domain: a, rates: 1}',
		/x.yaml:3:17: error: limits\[0\].rates: expected only domain, addresses, rate and guards here, got rates/,
	],
	['{domain: a, guards: [arp]}', /limits\[0\].guards\[0\]: expected dhcp or ra, got "arp"/],
];

for (const [entry, message] of wrong) {
	test(`refused: ${entry}`, t => {
		t.throws(() => parsePolicy(`version: 1\nlimits:\n  - ${entry}\n`, 'x.yaml'), {
			instanceOf: PolicyError,
			message,
		});
	});
}

const rates: ReadonlyArray<readonly [text: string, rate: number | undefined]> = [
	['100 Mbit/s', 1e8],
	['1.5Gbit/s', 1.5e9],
	['8000 bit/s', 8000],
	['0.008 Mbit/s', 8000],
	['400 Gbit/s', 4e11],
	['401 Gbit/s', undefined],
	['7 kbit/s', undefined],
	['100 mbit/s', undefined],
	['100 MB/s', undefined],
	['-1 Mbit/s', undefined],
	['1e3 Mbit/s', undefined],
];

for (const [text, rate] of rates) {
	test(`rate: ${text}`, t => {
		t.is(parseRate(text), rate);
	});
}
