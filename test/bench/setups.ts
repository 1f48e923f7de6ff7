// SPDX-License-Identifier: MIT
import type {Guest} from '../lab/guest.ts';
import {asGuestName, guestNumber} from '../lab/guest-config.ts';
import type {Lab} from '../lab/lab.ts';
import {acceptAll, writePolicy} from '../lab/channel.ts';
import {ask} from './stage.ts';

/** A guest set up otherwise than with addresses on eth0; taken back when its group is over. */
export type Setup = {
	readonly up: (lab: Lab) => Promise<void>;
	readonly down: (lab: Lab) => Promise<void>;
};

type Change = {readonly up: string; readonly down: string};

/** eth0 under a bridge that has its addresses, for containers to be put there, too. */
const bridge = (number: number): Change => ({
	up: `ip link add br0 address $(cat /sys/class/net/eth0/address) type bridge forward_delay 0
		ip addr flush dev eth0 scope global
		ip link set eth0 master br0 && ip link set br0 up
		${addresses(number, 'br0')}`,
	down: `ip link del br0; ${addresses(number, 'eth0')}`,
});

function addresses(number: number, device: string): string {
	return `ip addr add 10.0.0.${number}/24 dev ${device} &&
		ip addr add fd00::${number}/64 dev ${device} nodad`;
}

const box = `ip netns add box && ip link add box type veth peer name eth0 netns box &&
	ip link set box up && ip -n box link set eth0 up`;
const noBox = 'ip netns del box';

/** A container on the guest's bridge, with MAC and address of its own. */
const onBridge: Change = {
	up: `${box} && ip link set box master br0 && ip -n box addr add 10.0.0.101/24 dev eth0`,
	down: noBox,
};

/** A container in a network of its own, whose packets go out with the guest's address. */
const behindNat: Change = {
	up: `${box} && ip addr add 10.1.0.1/24 dev box && ip -n box addr add 10.1.0.2/24 dev eth0 &&
		ip -n box route add default via 10.1.0.1 && sysctl -q net.ipv4.ip_forward=1 &&
		nft 'table ip box { chain out { type nat hook postrouting priority srcnat;
			oifname eth0 masquerade; }; }'`,
	down: `nft delete table ip box; sysctl -q net.ipv4.ip_forward=0; ${noBox}`,
};

/** A command in the container. */
export const inBox = (command: string) => `ip netns exec box ${command}`;

function setup(
	machines: (lab: Lab) => readonly Guest[],
	changesOf: (number: number) => readonly Change[],
): Setup {
	const each = async (lab: Lab, pick: (changes: readonly Change[]) => readonly string[]) => {
		for (const machine of machines(lab)) {
			for (const command of pick(changesOf(guestNumber(asGuestName(machine.name))))) {
				await machine.run(command);
			}
		}
	};

	return {
		up: lab => each(lab, changes => changes.map(({up}) => up)),
		down: lab => each(lab, changes => changes.map(({down}) => down).reverse()),
	};
}

export const bridged = setup(
	({a}) => [a],
	number => [bridge(number)],
);
export const bothBridged = setup(
	({a, b}) => [a, b],
	number => [bridge(number)],
);
export const container = setup(
	({a}) => [a],
	number => [bridge(number), onBridge],
);
export const containerBehindNat = setup(
	({a}) => [a],
	() => [behindNat],
);

async function acceptBy({a, b}: Lab, policy: string): Promise<void> {
	for (const machine of [a, b]) {
		await writePolicy(machine, policy);
		await ask(machine, {op: 'reload'});
	}
}

const acceptWaiting = "version: 1\naccept:\n  - allow: '*'\n    busy_poll_us: 50\n";

const epoll = (us: number) => `sysctl -q net.core.busy_poll=${us}`;

/** Guests whose readers wait in Xen for each other's packets, programs that use epoll among them. */
export const waiting: Setup = {
	up: async lab => {
		await acceptBy(lab, acceptWaiting);
		await Promise.all([lab.a, lab.b].map(each => each.run(epoll(50))));
	},
	down: async lab => {
		await acceptBy(lab, acceptAll);
		await Promise.all([lab.a, lab.b].map(each => each.run(epoll(0))));
	},
};

/** Guests whose TCP sends from pages that it grants to the peer; enough of them for four connections. */
export const fragPages: Setup = {
	up: lab => acceptBy(lab, `${acceptAll}    frag_pages: 2560\n`),
	down: lab => acceptBy(lab, acceptAll),
};
