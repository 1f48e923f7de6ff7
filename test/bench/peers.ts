// SPDX-License-Identifier: MIT
// peers.mjs COUNT: gives the module so many peers on eth0, at addresses that nobody has.  Run in a
// machine whose daemon does not: test/bench/undiverted.ts.
import {readFile} from 'node:fs/promises';
import process from 'node:process';
import {openKernel} from '../../userland/kernel/client.ts';

const count = Number(process.argv[2]);
const eth0 = '/sys/class/net/eth0';
const read = async (name: string) => (await readFile(`${eth0}/${name}`, 'utf8')).trim();
const [ifindex, localMac] = [Number(await read('ifindex')), await read('address')];

const kernel = await openKernel();
const {peers} = await kernel.info();
for (let number = peers; number < count; number++) {
	const remoteMac = `00:16:3e:01:00:${number.toString(16).padStart(2, '0')}`;
	const links = [{ifindex, localMac, remoteMac}];
	await kernel.peerNew({domid: 1000 + number, epoch: 1, name: `peer-${number}`, links});
}
const info = await kernel.info();
await kernel.dispose();
process.stdout.write(`${info.peers} peers\n`);
