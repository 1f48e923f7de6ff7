// SPDX-License-Identifier: MIT
import {parseMac} from './fields.ts';
import {frontendPath, libxlVifsPath, numbers, parseDomid, vifsPath, xapiVifPath} from './paths.ts';
import type {Store} from './store.ts';

/** One vif of a guest as dom0's toolstack and netback have it. */
export type Vif = {
	readonly handle: number;
	readonly mac: string;
	/** Its device in dom0, `vif3.0` unless the toolstack named it. */
	readonly device: string;
	/** Netback's state, a number of Xen's `enum xenbus_state`; undefined where there is none. */
	readonly state: number | undefined;
	/** Netfront has asked for room for a native XDP program. */
	readonly hasXdp: boolean;
	/** The toolstack's rate limit, where there is one: `<bytes>,<microseconds>`. */
	readonly rate: string | undefined;
	/** Addresses and prefixes that the toolstack was told of, with blanks between. */
	readonly ip?: string | undefined;
	readonly locking?: VifLocking | undefined;
};

/** XAPI's word on where the vif's packets may come from; lists have commas. */
export type VifLocking = {
	readonly mode: string;
	readonly ipv4: string;
	readonly ipv6: string;
};

/** A vif whose netback runs in another domain than dom0. */
export type ForeignVif = {readonly handle: number; readonly backend: number};

/**
 * Netback and netfront have met; traffic can flow. Netfront that takes or drops a native XDP
 * program goes through Reconfiguring and back to Connected; netback answers with Reconfigured and
 * stays there.
 */
export function isConnected({state}: Pick<Vif, 'state'>): boolean {
	return state === 4 || state === reconfigured;
}

const reconfigured = 8;

/** `vm`: the path of the domain's VM, `/vm/<uuid>`, under whose UUID XAPI has its own. */
export async function readVifs(
	store: Store,
	domid: number,
	vm: Promise<string | undefined>,
): Promise<Vif[]> {
	const handles = numbers(await store.list(vifsPath(domid)));
	const vifs = await Promise.all(handles.map(handle => readVif(store, domid, handle, vm)));

	return vifs.filter(vif => vif !== undefined);
}

/** By what libxl notes for itself, where no guest can write; other toolstacks note nothing there. */
export async function readForeignVifs(store: Store, domid: number): Promise<ForeignVif[]> {
	const path = libxlVifsPath(domid);
	const handles = numbers(await store.list(path));
	const vifs = await Promise.all(
		handles.map(async handle => {
			const backend = backendOf(await store.read(`${path}/${handle}/backend`));

			return backend === undefined || backend === 0 ? [] : [{handle, backend}];
		}),
	);

	return vifs.flat();
}

async function readVif(
	store: Store,
	domid: number,
	handle: number,
	vm: Promise<string | undefined>,
): Promise<Vif | undefined> {
	const read = (key: string) => store.read(`${vifsPath(domid)}/${handle}/${key}`);
	const [mac, state, rate, vifname, ip, locking] = await Promise.all([
		...([read('mac'), read('state'), read('rate'), read('vifname'), read('ip')] as const),
		readLocking(store, handle, await vm),
	]);
	const parsed = parseMac(mac ?? '');
	if (parsed === undefined) {
		return undefined;
	}
	const number = /^\d$/.test(state ?? '') ? Number(state) : undefined;

	return {
		handle,
		mac: parsed,
		device: vifname || `vif${domid}.${handle}`,
		state: number,
		hasXdp: number === reconfigured && (await hasHeadroom(store, domid, handle)),
		rate: rate || undefined,
		...(ip && {ip}),
		...(locking && {locking}),
	};
}

/** As xenopsd notes it for its script setup-vif-rules, before that runs. */
async function readLocking(
	store: Store,
	handle: number,
	vm: string | undefined,
): Promise<VifLocking | undefined> {
	const path = xapiVifPath(vm, handle);
	const mode = path && (await store.read(`${path}/locking-mode`));
	if (!mode) {
		return undefined;
	}
	const [ipv4 = '', ipv6 = ''] = await Promise.all(
		['ipv4-allowed', 'ipv6-allowed'].map(key => store.read(`${path}/${key}`)),
	);

	return {mode, ipv4, ipv6};
}

/** Netfront writes it before each Reconfiguring; what we cannot read counts as a program. */
async function hasHeadroom(store: Store, domid: number, handle: number): Promise<boolean> {
	return (await store.read(`${frontendPath(domid, handle)}/xdp-headroom`)) !== '0';
}

/** `/local/domain/<domid>/backend/vif/...` */
function backendOf(path: string | undefined): number | undefined {
	return parseDomid(path?.split('/')[3] ?? '');
}
