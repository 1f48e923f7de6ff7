// SPDX-License-Identifier: MIT
import test from 'ava';
import {inOrder, printCommands, tools} from '../../guard/command.ts';
import {makeRuleset} from '../../guard/ruleset.ts';

const many = Array.from({length: 2000}, (_, index) => printCommands(makeRuleset(7, index)));
const all = many.join('');

test('a seed and an index make the same ruleset again, others make others', t => {
	t.deepEqual(makeRuleset(3, 14), makeRuleset(3, 14));
	t.true(new Set(many).size > 1500);
	t.not(printCommands(makeRuleset(8, 0)), many[0]);
});

const kinds = [
	...['bridge', 'ip', 'ip6', 'inet', 'netdev', 'arp'].map(family => `nft 'add table ${family} `),
	...['forward', 'input', 'output', 'prerouting', 'postrouting'].map(hook => `hook ${hook} `),
	...[
		'ingress device',
		'egress device',
		'policy drop',
		'priority -300',
		'type nat',
		'type route',
	],
	...[
		' accept',
		' drop',
		' return',
		' continue',
		' jump ',
		' goto ',
		' vmap ',
		' reject',
		' queue',
	],
	...['flags interval', 'flags dynamic', ' . ', '@set0', 'ct state', 'limit rate', 'comment "'],
	...['counter', 'vxlan', 'numgen', '& 255.255.255.0', '"vif3*"', '!= '],
	...[
		'iptables-nft -t filter',
		'iptables-nft -t nat',
		'ip6tables-nft',
		'ebtables-nft',
		'-P FORWARD DROP',
	],
	...['--physdev-is-bridged', '--physdev-in', '-g ', '-j RETURN', '-j MASQUERADE', '--among-src'],
	...['bridge-nf-call-iptables=0', 'bridge-nf-call-ip6tables=0', 'nf_call_iptables 1'],
	...['isolated on', 'learning off', 'flood off', 'locked on', 'neigh_suppress on', 'hairpin on'],
	...[
		'state 0',
		'static',
		'permanent',
		'sticky',
		'fdb flush',
		'vlan_filtering',
		'nomaster',
		' down',
	],
	...[
		'clsact',
		'ingress_block',
		'htb',
		'tbf',
		'pfifo',
		'u32',
		'bpf da',
		'xdpgeneric',
		'tcx',
		'netfilter',
	],
];

for (const kind of kinds) {
	test(`${kind}: appears`, t => {
		t.true(all.includes(kind));
	});
}

test('what is no rule can be taken back, and is run before the rules', t => {
	for (let index = 0; index < 500; index++) {
		const commands = makeRuleset(9, index);
		t.deepEqual(inOrder(commands), commands);
		for (const {tool, text, undo} of commands) {
			const goesWithMore = /^(class|filter) add |^fdb flush /.test(text);
			const isRule = tools.indexOf(tool) >= tools.indexOf('nft');
			t.is(undo === undefined, isRule || goesWithMore, text);
		}
	}
});
