// SPDX-License-Identifier: MIT
//
// deaf-netlink: offers a channel by a socket that has no room for the answer, then by one that has;
// says as JSON what the module holds after each.
import process from 'node:process';
import {openKernel} from '../../userland/kernel/client.ts';
import {encode} from '../../userland/kernel/codec.ts';
import {commands, family as names, peerAttributes} from '../../userland/kernel/constants.ts';
import {genericProtocol, resolveFamily} from '../../userland/kernel/genl.ts';
import {buildRequest} from '../../userland/kernel/message.ts';
import {connect} from '../../userland/kernel/netlink.ts';
import {openSocket} from '../../userland/netlink-js/index.ts';

const [domid, epoch] = [2, 1];
const link = {ifindex: 2, localMac: '00:16:3e:00:00:01', remoteMac: '00:16:3e:00:00:02'};
/** More answers than the smallest buffer holds. */
const unread = 50;

const kernel = await openKernel();
await kernel.peerNew({domid, epoch, name: 'b', links: [link]});
const lookup = connect(genericProtocol);
const family = await resolveFamily(lookup, names.name);
lookup.close();
if (family === undefined) {
	throw new Error('the coloop module is not loaded');
}

const nobody = {onData: () => {}, onError: () => {}};
type Socket = ReturnType<typeof openSocket>;

/** The kernel acts before this returns; answers are read later, if ever. */
function tell(
	socket: Socket,
	command: number,
	values: Parameters<typeof encode<typeof peerAttributes>>[1],
): void {
	const header = new Uint8Array([command, family?.version ?? 0, 0, 0]);
	const attributes = encode(peerAttributes, values);
	const request = {type: family?.id ?? 0, header, attributes, table: peerAttributes};
	socket.send(buildRequest(request, 1));
}

/** What the module holds of an offer that a socket asks for. */
async function offerBy(socket: Socket) {
	tell(socket, commands.channelOffer, {domid, epoch, channel: {order: 5, listen: true}});
	socket.close();
	const {channels, grants, ports} = await kernel.info();

	return {channels, grants, ports};
}

const full = openSocket(genericProtocol, nobody, {receiveBuffer: 1});
for (let i = 0; i < unread; i++) {
	tell(full, commands.infoGet, {});
}
const deaf = await offerBy(full);
const heard = await offerBy(openSocket(genericProtocol, nobody));
process.stdout.write(`${JSON.stringify({deaf, heard})}\n`);
await kernel.peerDelete(domid);
await kernel.dispose();
