// SPDX-License-Identifier: MIT
import type {addressesOf} from './guest.ts';
import type {Namespace} from './namespace.ts';

type End = ReturnType<typeof addressesOf>;

/** What makes dom0's bridge: it has dom0's own address, and no rule sees what it forwards. */
export async function layBridge({sh}: Namespace, {device, mac, ip, ip6}: End): Promise<void> {
	await sh(`
		ip -batch - <<-END
			link set lo up
			link add ${device} address ${mac} type bridge stp_state 0 forward_delay 0
			link set ${device} up
			addr add ${ip}/16 dev ${device}
			addr add ${ip6}/64 dev ${device} nodad
		END
		for name in iptables ip6tables arptables; do
			file=/proc/sys/net/bridge/bridge-nf-call-$name
			[ ! -e $file ] || echo 0 >$file
		done
	`);
}

/** A vif as netback has it, on the bridge, and the guest's end of it in a network of its own. */
export async function plug({sh}: Namespace, guest: End): Promise<void> {
	const {name, device, mac, ip, ip6} = guest;

	// The guest's end goes up first: the bridge then finds the carrier at once.
	await sh(`
		ip netns add ${name}
		ip link add ${device} address fe:ff:ff:ff:ff:ff type veth peer name eth0 address ${mac} netns ${name}
		ip -n ${name} -batch - <<-END
			link set lo up
			link set eth0 up
			addr add ${ip}/16 dev eth0
			addr add ${ip6}/64 dev eth0 nodad
		END
		ip link set ${device} master xenbr0 up
	`);
}

export async function unplug({sh}: Namespace, {name, device}: End): Promise<void> {
	await sh(`ip link del ${device} 2>/dev/null || :; ip netns del ${name}`);
}
