// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {mkdir, readdir, readFile, rm} from 'node:fs/promises';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import type {Beginning} from '../beginning.ts';
import {channelUp, patient} from '../channel.ts';
import {Skip} from '../errors.ts';
import type {Guest} from '../guest.ts';
import {hasSystemd, stackFromEnvironment} from '../images.ts';
import type {Lab} from '../lab.ts';
import {repository} from '../paths.ts';

const run = promisify(execFile);
const script = (name: string) => path.join(repository, name);

/** Files of one version of the packages, by name. */
type Packages = ReadonlyMap<string, Buffer>;

/** The packages of this tree are on dom0, a and b, by dpkg, and nothing is allowed yet. */
export const installed: Beginning = {
	async key() {
		const {first} = await packages();
		const hash = createHash('sha256').update(await readFile(fileURLToPath(import.meta.url)));
		for (const [name, content] of first) {
			hash.update(name).update(content);
		}

		return hash.digest('hex');
	},
	async make({dom0, a, b}) {
		const {first} = await packages();
		for (const machine of [dom0, a, b]) {
			await withoutHeaders(machine);
			await machine.run(`${files} >/root/before`, patient);
			await install(machine, first);
			await says(machine, 'Linux .* has no module coloop loaded');
			await takeBuilt(machine);
			await machine.run('modprobe coloop');
			await says(machine, 'open');
		}
	},
};

/** Puts a higher version over the one that is installed. */
export async function upgrade(machine: Guest): Promise<void> {
	await install(machine, (await packages()).next);
}

let made: Promise<{first: Packages; next: Packages}> | undefined;

/** Of this tree, built now unless they are there, and the same of a higher version. */
function packages() {
	return (made ??= makePackages());
}

async function makePackages() {
	const stack = stackFromEnvironment();
	if (!hasSystemd(stack)) {
		throw new Skip('systemd: STACK=systemd or STACK=systemd-12');
	}
	const debian = stack === 'systemd-12' ? '12' : '13';
	const built = script(`build/deb-${debian}`);
	if (!(await isFresh(built))) {
		await run(script('packaging/deb.sh'), [debian]);
	}
	await buildModule(stack, built);

	return {first: await read(built), next: await read(await raiseVersion(built))};
}

/** Whether nothing that goes into packages has changed since. */
async function isFresh(built: string): Promise<boolean> {
	const log = path.join(built, 'build.log');
	const sources =
		'kmod userland policy debian docs monitoring package-lock.json packaging/networkd packaging/NetworkManager packaging/ifupdown';
	const newer = ['-type', 'f', '-newer', log, '-not', '-path', '*/build/*', '-print', '-quit'];

	return (
		existsSync(log) &&
		(await run('find', [...sources.split(' ').map(script), ...newer])).stdout === ''
	);
}

/**
 * What dkms builds of the package for the machines' kernel, as dkms hands it on to others: in a root like theirs,
 * since an emulated machine would take an hour for it.
 */
async function buildModule(stack: string, built: string): Promise<void> {
	if (existsSync(path.join(built, moduleFile))) {
		return;
	}
	const {stdout} = await run(script('test/lab/images/make.sh'), [stack, 'root']);
	await run(script('packaging/in-root.sh'), [
		...[stdout.trim(), built, 'sh', '-ec'],
		`dpkg -i /work/coloop-dkms_*.deb
		version=$(dpkg-query -W -f '\${Version}' coloop-dkms)
		kernel=$(cd /lib/modules && ls -d *-amd64)
		dkms mktarball -m coloop -v "\${version%-*}" -k "$kernel" --archive ${moduleFile}
		cp "$(find /var/lib/dkms -name ${moduleFile})" /work/${moduleFile}`,
	]);
}

const moduleFile = 'module.tar.gz';

/** Answers the folder of packages that hold the same and say that they are newer. */
async function raiseVersion(built: string): Promise<string> {
	const next = `${built}-next`;
	await rm(next, {recursive: true, force: true});
	await mkdir(next);
	for (const name of (await readdir(built)).filter(each => isPackage(each))) {
		const tree = path.join(next, 'tree');
		await run('dpkg-deb', ['-R', path.join(built, name), tree]);
		await run('sed', ['-i', 's/^Version: .*/&+next/', path.join(tree, 'DEBIAN/control')]);
		await run('dpkg-deb', ['--root-owner-group', '-b', tree, path.join(next, name)]);
		await rm(tree, {recursive: true});
	}

	return next;
}

function isPackage(name: string): boolean {
	return /^coloop(-dkms|-doc)?_.*\.deb$/.test(name);
}

async function read(folder: string): Promise<Packages> {
	const names = (await readdir(folder)).filter(name => isPackage(name) || name === moduleFile);
	const contents = names.map(
		async name => [name, await readFile(path.join(folder, name))] as const,
	);

	return new Map(await Promise.all(contents));
}

/** Where dkms finds no headers, it builds nothing: see `buildModule`. */
async function withoutHeaders(machine: Guest): Promise<void> {
	await machine.run('rm -f /lib/modules/*/build /lib/modules/*/source');
}

/** Puts the files there and installs them, over those of another version or anew. */
async function install(machine: Guest, files: Packages): Promise<void> {
	for (const [name, content] of files) {
		await machine.push(`/root/debs/${name}`, content);
	}
	await machine.run(
		'DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i /root/debs/*.deb',
		patient,
	);
}

/** Name and version of the module, as dkms takes them, in a shell of the machine. */
export const dkmsModule = "coloop/$(ls /usr/src | sed -n 's/^coloop-//p')";

/** Hands dkms what was built elsewhere, in place of the source alone, which it has; loads nothing. */
export async function takeBuilt(machine: Guest): Promise<void> {
	await machine.run(
		`dkms remove "${dkmsModule}" --all &&
		dkms ldtarball --archive=/root/debs/module.tar.gz --force &&
		dkms install "${dkmsModule}" -k "$(uname -r)" --force`,
		patient,
	);
}

const kept =
	'proc sys dev run tmp root var/log var/cache var/tmp var/lib/dpkg var/lib/dkms/mok.* var/lib/systemd';
const prunes = kept.split(' ').map(each => `-path '/${each}'`);

/** Prints every file and link of a machine but for those of dpkg, logs, and what the kernel makes up. */
export const files = `find / -xdev \\( ${prunes.join(' -o ')} \\) -prune -o -printf '%y %m %p %l\\n' |
	grep -v -e '/lib/modules/[^/]*/modules\\.' -e ' /etc/ld.so.cache ' -e '^d [0-9]* /etc$' | sort -k 3`;

/** Waits until `systemctl status` shows a status that has these words. */
export async function says(machine: Guest, words: string): Promise<void> {
	await machine.run(
		`until systemctl show -P ActiveState coloopd | grep -qx active &&
			systemctl show -P StatusText coloopd | grep -q '${words}'; do busybox usleep 500000; done`,
		patient,
	);
}

/** dom0's administrator allows the pair, and its first packets open the channel. */
export async function allow(lab: Lab): Promise<void> {
	const {dom0} = lab;
	await dom0.push('/etc/coloop/policy.d/10-site.yaml', policy);
	await dom0.run('systemctl reload coloopd', patient);
	await channelUp(lab);
}

export const policy = 'version: 1\npairs:\n  - allow: [a, b]\n';

/** What stays in XenStore when a daemon ends goes, so that the checks after a test find what nobody took back. */
export async function takeBack({dom0, a, b}: Lab): Promise<void> {
	for (const machine of [a, b, dom0]) {
		await machine.run('systemctl stop coloopd && coloopd --withdraw', patient);
	}
}
