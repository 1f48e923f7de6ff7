// SPDX-License-Identifier: MIT
import {channelUp, pair, patient, type Body} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {until} from '../until.ts';
import {addressesOf, pings} from './_pings.ts';

const bondModes = [
	'balance-rr',
	'active-backup',
	'balance-xor',
	'broadcast',
	'802.3ad',
	'balance-tlb',
	'balance-alb',
];

/** Makes eth0 the only port of a device that is there. */
const takesPort = (upper: string) =>
	`ip link set ${upper} address 00:16:3e:00:00:01
	ip addr flush dev eth0; ip link set eth0 down; ip link set eth0 master ${upper}
	ip link set ${upper} up; ${addressesOf(1, upper)}
	until ip link show ${upper} | grep -q LOWER_UP; do busybox usleep 100000; done`;

const without = (upper: string) =>
	`ip link del ${upper}; ip link set eth0 up; ${addressesOf(1, 'eth0')}`;

/** What leaves and arrives by a port of a bond is diverted, whichever way the bond chooses ports. */
export const bonds: Body = async (t, {lab, a, b}) => {
	await a.run('modprobe bonding max_bonds=0');
	for (const mode of bondModes) {
		await a.run(
			`ip link add bond0 type bond mode ${mode} miimon 100; ${takesPort('bond0')}`,
			patient,
		);
		await channelUp(lab);
		t.true((await pings(t, a, 'b')) >= 10, mode);
		t.true((await pings(t, b, 'a6')) >= 10, mode);
		await a.run(without('bond0'));
	}
	await channelUp(lab);
};

/**
 * Chooses the mode of a team, which iproute2 cannot: by generic netlink, see linux/if_team.h.  ESRCH
 * is that nobody listens to what changes.
 */
function setTeamMode(machine: Guest, team: string, mode: string) {
	const program = `
		sub attr { my ($type, $data) = @_; my $l = 4 + length $data;
			return pack("SS", $l, $type) . $data . "\\0" x (-$l % 4) }
		sub ask { my ($type, $command, $attrs) = @_;
			send(S, pack("LSSLLCCS", 20 + length $attrs, $type, 5, 1, 0, $command, 1, 0) . $attrs, 0);
			recv(S, my $answer, 65536, 0); return $answer }
		socket(S, 16, 3, 16) or die $!;
		my $family = ask(16, 3, attr(2, "team\\0"));
		my $id = unpack "S", (split /\\x06\\x00\\x01\\x00/, $family)[1];
		recv(S, $_, 65536, 0);
		open(I, "/sys/class/net/${team}/ifindex"); my $index = <I>;
		my $option = attr(1, "mode\\0") . attr(3, pack "C", 5) . attr(4, "${mode}\\0");
		my $answer = ask($id, 1, attr(1, pack "L", $index) . attr(2 | 0x8000, attr(1 | 0x8000, $option)));
		my $error = unpack "l", substr $answer, 16;
		die "error $error" if $error && $error != -3;`;

	return machine.run(`perl -e '${program}'`);
}

/** The port of a team, too; but which one receives in activebackup its driver alone knows. */
export const teams: Body = async (t, {lab, a, b}) => {
	for (const mode of ['roundrobin', 'broadcast', 'loadbalance', 'random']) {
		await a.run('ip link add team0 type team');
		await setTeamMode(a, 'team0', mode);
		await a.run(takesPort('team0'), patient);
		await channelUp(lab);
		t.true((await pings(t, a, 'b')) >= 10, mode);
		t.true((await pings(t, b, 'a6')) >= 10, mode);
		await a.run(without('team0'));
	}
	await a.run('ip link add team0 type team');
	await setTeamMode(a, 'team0', 'activebackup');
	await a.run(takesPort('team0'), patient);
	await until(
		'dom0 says why',
		async () => (await pair(lab))?.a_declines === 'device inactive',
		patient,
	);
	t.is(await pings(t, a, 'b'), 0);
	await a.run(without('team0'));
	await channelUp(lab);
};
