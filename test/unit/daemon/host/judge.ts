// SPDX-License-Identifier: MIT
import test from 'ava';
import {judge, type Criteria, type PairVerdict} from '../../../../userland/daemon/host/judge.ts';
import {linksFor} from '../../../../userland/daemon/host/pair.ts';
import {renderLimits, type Limits} from '../../../../userland/limits.ts';
import type {Identity, LimitsRule} from '../../../../userland/policy/types.ts';
import {parsePrefix} from '../../../../userland/prefixes.ts';
import {linkState} from '../../../../userland/xenstore/features.ts';
import type {Vif} from '../../../../userland/xenstore/vifs.ts';
import type {Domain} from '../../../../userland/xenstore/discover.ts';
import {allowRule, bridgeMac, domain, criteria, macOf, topology} from '../_domains.ts';

const [a, b] = [domain(1), domain(2)];

function refusal(domains: Domain[], change: Partial<Criteria> = {}) {
	const [verdict] = judge(domains, criteria(change));

	return verdict?.refusal;
}

function judgeOne(domains: Domain[], change: Partial<Criteria> = {}): PairVerdict {
	const [verdict] = judge(domains, criteria(change));
	if (verdict) {
		return verdict;
	}
	throw new Error('no pair');
}

test('two guests on one bridge that the policy allows get a channel', t => {
	const verdict = judgeOne([a, b]);
	t.is(verdict.refusal, undefined);
	t.is(verdict.terms.rule, '10-all.yaml:3:5');
	t.deepEqual(linksFor(0, verdict.links, verdict.a), [
		{vif: '0', localMac: macOf(1), remoteMac: macOf(2)},
	]);
	t.deepEqual(linksFor(1, verdict.links, verdict.b), [
		{vif: '0', localMac: macOf(2), remoteMac: macOf(1)},
	]);
});

test('dom0 meets a guest at the bridge itself', t => {
	const verdict = judgeOne([domain(0), a]);
	t.is(verdict.refusal, undefined);
	t.deepEqual(linksFor(0, verdict.links, verdict.a), [
		{vif: 'xenbr0', localMac: bridgeMac, remoteMac: macOf(1)},
	]);
});

test('an end that reads it is told the smallest MTU on the way', t => {
	const {interfaces, bridges} = topology([1, 2]);
	const mtus: Record<string, number> = {'vif1.0': 9000, 'vif2.0': 4000, xenbr0: 9000};
	const mtuFor = (side: 0 | 1, domains: Domain[], change: Record<string, number> = {}) => {
		const sized = interfaces.map(each => ({
			...each,
			mtu: {...mtus, ...change}[each.name] ?? 1500,
		}));
		const verdict = judgeOne(domains, {topology: {interfaces: sized, bridges}});

		return linksFor(side, verdict.links, side === 0 ? verdict.a : verdict.b)[0]?.mtu;
	};
	const hello = {min: 1, max: 1, features: linkState | 7};
	const [newA, newB, newHost] = [1, 2, 0].map(domid => domain(domid, {hello}));
	if (!newA || !newB || !newHost) {
		return t.fail();
	}

	t.is(mtuFor(0, [newA, b]), 4000);
	t.is(mtuFor(1, [newA, b]), undefined, 'an older end parses strictly');
	t.is(mtuFor(1, [newA, newB]), 4000);
	t.is(mtuFor(1, [newA, newB], {xenbr0: 1400}), 1400);
	t.is(mtuFor(0, [newHost, a], {'vif1.0': 1500}), 1500);
	t.is(mtuFor(0, [newHost, a], {xenbr0: 1400}), 1400);
	t.is(mtuFor(0, [newA, b], {'vif1.0': 1e6, 'vif2.0': 1e6, xenbr0: 1e6}), 65_535);
});

test('every pair has a verdict', t => {
	const pairs = judge([domain(0), a, b, domain(3)], criteria()).map(
		v => `${v.a.domid}${v.b.domid}`,
	);
	t.deepEqual(pairs, ['01', '02', '03', '12', '13', '23']);
});

test('a refusal names its reason', t => {
	t.like(refusal([a, domain(2, {hello: undefined})]), {
		code: 'absent',
		reason: 'b does not run coloopd with the coloop module',
	});
	t.is(refusal([a, domain(2, {hello: {min: 2, max: 3, features: 0}})])?.code, 'version');
	t.like(
		refusal([a, b], {decide: () => ({action: 'deny', rule: {...allowRule, action: 'deny'}})}),
		{
			code: 'policy',
			reason: 'denied by 10-all.yaml:3:5',
		},
	);
	t.is(refusal([a, b], {decide: () => ({action: 'deny', rule: undefined})})?.code, 'policy');
	t.is(refusal([a, b], {topology: topology([1, 2], [2])})?.code, 'bridge');
	t.is(refusal([a, b], {isHeld: () => true})?.code, 'held');
	t.like(refusal([a, b], {bypassed: () => 'bridge filter forward: drop'}), {
		code: 'rule',
		reason: 'bridge filter forward: drop',
	});
});

test('an end that does not know of audits, or of shared names, has no channel by them', t => {
	const rule = {...allowRule, isAudit: true};
	const newer = {min: 1, max: 1, features: 1 << 17};
	const [newA, newB] = [domain(1, {hello: newer}), domain(2, {hello: newer})];
	const decide = () => ({action: 'allow' as const, rule});
	t.like(refusal([newA, b], {decide}), {
		code: 'version',
		reason: 'the coloopd of b does not know mode: audit, and would divert: upgrade it',
	});
	t.is(refusal([newA, newB], {decide}), undefined);

	const [one, other] = [domain(2, {name: 'x', hello: newer}), domain(3, {name: 'x'})];
	t.is(refusal([newA, one, other]), undefined);
	t.is(refusal([a, one, other])?.code, 'name', 'a would take the name for what it says');
});

test('an end that does not know of selectors, or whose module does not, has no channel by them', t => {
	const rule = {...allowRule, only: [{proto: 'tcp', ports: [5432]}]};
	const decide = () => ({action: 'allow' as const, rule});
	const newer = {min: 1, max: 1, features: (1 << 17) | (1 << 19)};
	const [newA, newB] = [domain(1, {hello: newer}), domain(2, {hello: newer})];
	const old = domain(2, {hello: {...newer, features: 1 << 17}});
	const told = refusal([newA, old], {decide});
	t.is(told?.code, 'version');
	t.regex(told?.reason ?? '', /^b does not know only and except .* divert everything: upgrade/);
	t.is(refusal([newA, newB], {decide}), undefined);
});

test('the rules of dom0 are walked only for a pair that nothing else refuses', t => {
	let walks = 0;
	const bypassed = () => {
		walks += 1;

		return undefined;
	};
	const [vif] = b.vifs;
	refusal([a, domain(2, {hello: undefined})], {bypassed});
	refusal([a, domain(2, {hello: {min: 2, max: 3, features: 0}})], {bypassed});
	refusal([a, b], {bypassed, isHeld: () => true});
	refusal([a, b], {bypassed, decide: () => ({action: 'deny', rule: undefined})});
	refusal([a, domain(2, {vifs: vif ? [{...vif, rate: '1'}] : []})], {bypassed});
	t.is(walks, 0);
	refusal([a, b], {bypassed});
	t.is(walks, 1);
});

test('a pair that is held still says where it meets', t => {
	const [verdict] = judge([a, b], criteria({isHeld: () => true}));
	t.like(verdict?.links, [{a: {name: 'vif1.0', bridge: 'xenbr0'}, b: {name: 'vif2.0'}}]);
});

const [vifOfB] = b.vifs;
const enforcing = domain(1, {hello: {min: 1, max: 1, features: (1 << 17) | (1 << 18)}});

function withVif(change: Partial<Vif>, domid = 2): Domain {
	return domain(domid, {vifs: vifOfB ? [{...vifOfB, ...change}] : []});
}

function limitsRule(limits: Partial<Limits>): LimitsRule {
	return {
		action: 'deny',
		domain: 'b',
		limits: {rate: undefined, addresses: undefined, guards: [], ...limits},
		source: {file: '10-all.yaml', line: 7, column: 5},
	};
}

/** What the other end of a pair is told of b. */
function told(change: Partial<Vif>, rule?: Partial<Limits>): string | undefined {
	const limitsOf = ({domid}: Identity) => (domid === 2 && rule ? limitsRule(rule) : undefined);
	const {refusal: why, limits} = judgeOne([enforcing, withVif(change)], {limitsOf});

	return why?.reason ?? (limits?.[1] && renderLimits(limits[1]));
}

const prefixes = (...texts: string[]) => texts.flatMap(text => parsePrefix(text) ?? []);

test('what dom0 lets a vif send, its receiver is told', t => {
	t.is(told({}), undefined);
	t.is(told({rate: '12500,50000'}), 'rate:2000000');
	t.is(told({ip: '10.0.0.2'}), 'from:10.0.0.2/32,::/0', 'IPv6 is not named');
	t.is(told({ip: ' 10.0.0.2  fd00::/64'}), 'from:10.0.0.2/32,fd00::/64');
	t.is(told({ip: ' '}), undefined);
	const locking = {mode: 'locked', ipv4: '10.0.0.2,10.0.0.7', ipv6: ''};
	t.is(told({locking}), 'from:10.0.0.2/32,10.0.0.7/32', 'and nothing of IPv6');
	t.is(told({locking: {...locking, ipv4: ''}}), 'from:-');
	t.is(told({locking: {...locking, mode: 'unlocked'}}), undefined);
	t.is(told({locking, ip: '10.0.0.7', rate: '1250,10000'}), 'rate:1000000;from:10.0.0.7/32');
});

test('of policy and vif the narrower counts', t => {
	t.is(told({rate: '12500,50000'}, {rate: 1_000_000}), 'rate:1000000');
	t.is(told({rate: '12500,50000'}, {rate: 9_000_000}), 'rate:2000000');
	t.is(told({ip: '10.0.0.2'}, {addresses: prefixes('10.0.0.0/24')}), 'from:10.0.0.2/32');
	t.is(
		told({ip: '10.0.0.2'}, {addresses: prefixes('10.1.0.0/24', 'fd00::/64')}),
		'from:fd00::/64',
	);
	t.is(told({ip: '10.0.0.2 fd00::2'}, {addresses: []}), 'from:-');
	t.is(told({ip: '10.0.0.2 fd00::2'}, {guards: ['ra']}), 'from:10.0.0.2/32,fd00::2/128;no:ra');
});

test('what no channel can keep to is refused', t => {
	const why = (change: Partial<Vif>, receiver = enforcing) =>
		refusal([receiver, withVif(change)]);
	for (const rate of ['12500', '1,50000000', '0,50000', 'much', '-1,5', '12500,50000 ']) {
		t.deepEqual(why({rate}), {
			code: 'rate',
			reason: `vif2.0 has a rate limit that no channel can keep: ${rate}`,
		});
	}
	t.is(why({rate: '12500,0'}), undefined, 'netback takes it for none');
	t.is(told({rate: 'much'}, {rate: 1_000_000}), 'rate:1000000', 'policy says what it may be');
	for (const ip of ['dhcp', '10.0.0.256', '10.0.0.2,10.0.0.3', '10.0.0.0/255.255.255.0']) {
		t.like(why({ip}), {
			code: 'limits',
			reason: `ip= of vif2.0 is not a list of addresses: ${ip}`,
		});
	}
	t.is(why({locking: {mode: 'disabled', ipv4: '', ipv6: ''}})?.code, 'limits');
	t.is(why({locking: {mode: 'locked', ipv4: 'x', ipv6: ''}})?.code, 'limits');
	t.is(why({ip: Array.from({length: 17}, (_, at) => `10.0.${at}.1`).join(' ')})?.code, 'limits');
	for (const change of [{rate: '12500,50000'}, {ip: '10.0.0.2'}]) {
		t.is(why(change, a)?.code, 'limits', 'the receiver does not know of limits');
	}
	t.is(
		why({ip: '10.0.0.2', rate: '12500,50000'}, a)?.reason,
		'a cannot enforce what vif2.0 may send (ip= of vif2.0, rate= of vif2.0): its coloopd is older, or has no libnftables',
	);
	t.is(refusal([a, domain(2, {hello: enforcing.hello, vifs: b.vifs})]), undefined);
});

test('rules are asked about what the receiver takes', t => {
	const asked: unknown[] = [];
	const bypassed: Criteria['bypassed'] = (one, other) => {
		asked.push([one.sources, other.sources]);

		return undefined;
	};
	judgeOne([enforcing, withVif({})], {bypassed});
	judgeOne([enforcing, withVif({ip: '10.0.0.2'})], {bypassed});
	t.deepEqual(asked, [
		[undefined, undefined],
		[undefined, prefixes('10.0.0.2', '::/0')],
	]);
});

test('a link for which an end may send something else than on the first stays without', t => {
	const vifs = [0, 1].map(handle => ({
		...{handle, mac: macOf(2 + handle), device: handle === 0 ? 'vif2.0' : 'vif3.0'},
		...{state: 4, hasXdp: false, rate: handle === 0 ? undefined : '12500,50000'},
	}));
	const verdict = judgeOne([enforcing, domain(2, {vifs})]);
	t.is(verdict.limits, undefined);
	t.deepEqual(
		verdict.links.map(({b: port}) => port.name),
		['vif2.0'],
	);
});

test('what XenStore could not hold is refused, and says which rule', t => {
	const features = 0b1111 << 16;
	const long = 'ж'.repeat(127);
	const addresses = Array.from(
		{length: 16},
		(_, at) => `fd00:1111:2222:3333:4444:5555:${6000 + at}:8000/113`,
	);
	const vifs = Array.from({length: 16}, (_, handle) => ({
		...{handle, mac: `00:16:3e:00:01:${handle.toString(16).padStart(2, '0')}`, hasXdp: false},
		...{device: `vif2.${handle}`, state: 4, rate: undefined},
	}));
	const {interfaces, bridges} = topology([1, 2]);
	const ports = vifs.map(({device}, at) => ({
		...{ifindex: 200 + at, name: device, mac: bridgeMac},
		mtu: 1500,
		master: 2,
	}));
	const many = domain(2, {name: long, hello: {min: 1, max: 1, features}, vifs});
	const one = domain(1, {name: `${long}2`, hello: {min: 1, max: 1, features}});
	const judged = (count: number, ranges: number) =>
		judgeOne([one, many], {
			topology: {interfaces: [...interfaces.slice(0, 3), ...ports], bridges},
			limitsOf: () => limitsRule({addresses: prefixes(...addresses.slice(0, ranges))}),
			decide: () => ({
				action: 'allow',
				rule: {
					...allowRule,
					only: addresses.slice(0, count).map(range => ({
						...{proto: 'udplite', from: {addresses: [range], ports: ['10000-20000']}},
						to: {addresses: [range], ports: ['10000-20000']},
					})),
				},
			}),
		});
	t.is(judged(1, 4).refusal, undefined);
	for (const [selectors, ranges] of [
		[16, 0],
		[1, 16],
	] as const) {
		t.is(judged(selectors, ranges).refusal?.code, 'policy');
	}
	const {refusal: why} = judged(16, 16);
	t.regex(
		why?.reason ?? '',
		/^what is to be said of the pair \(10-all\.yaml:3:5, limits\) is \d+ bytes too long for XenStore/,
	);
});

test('tags of XenStore that cannot be gone by are refused, whatever they would have said', t => {
	const tagged = {problem: 'domain 2 may write /coloop/tags/x: xenstore-chmod /coloop/tags/x n0'};
	t.deepEqual(refusal([a, domain(2, {tagged})]), {
		code: 'policy',
		reason: `the tags of b in XenStore say nothing: ${tagged.problem}`,
	});
	const asked: unknown[] = [];
	const decide: Criteria['decide'] = (one, other) => {
		asked.push(one.tags, other.tags);

		return {action: 'allow', rule: allowRule};
	};
	t.is(refusal([a, domain(2, {tagged: {tags: ['web']}})], {decide}), undefined);
	t.deepEqual(asked, [undefined, ['web']]);
});

test('an address on a bridge twice names nobody', t => {
	const [vif] = a.vifs;
	const clone = domain(3, {vifs: vif ? [{...vif, device: 'vif3.0'}] : []});
	const verdicts = judge([a, b, clone], criteria());
	t.deepEqual(
		verdicts.map(({refusal}) => refusal?.code),
		['mac', 'mac', 'mac'],
	);
});

test('the digest tells rules apart, not their places', t => {
	const at = (rule: typeof allowRule) =>
		judge([a, b], criteria({decide: () => ({action: 'allow', rule})}))[0]?.terms.digest;
	const moved = {...allowRule, source: {...allowRule.source, line: 40}};
	t.is(at(allowRule), at(moved));
	t.not(at(allowRule), at({...allowRule, between: ['a', 'b']}));
});
