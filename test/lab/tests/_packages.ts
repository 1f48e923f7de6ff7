// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdir, readdir, readFile, rm} from 'node:fs/promises';
import path from 'node:path';
import {promisify} from 'node:util';
import {patient} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {repository} from '../paths.ts';

const run = promisify(execFile);

/** Files of one version of the packages, by name. */
export type Packages = ReadonlyMap<string, Buffer>;

/** What `make deb` built, built now if need be, and the same of a higher version. */
export async function buildPackages(debian: '12' | '13'): Promise<readonly [Packages, Packages]> {
	const built = path.join(repository, `build/deb-${debian}`);
	const next = path.join(repository, `build/deb-${debian}-next`);
	const script = (name: string) => path.join(repository, 'packaging', name);
	if (!existsSync(built)) {
		await run(script('deb.sh'), [debian]);
	}
	await buildModule(debian, built);
	await rm(next, {recursive: true, force: true});
	await mkdir(next);
	for (const name of (await readdir(built)).filter(each => isPackage(each))) {
		const tree = path.join(next, 'tree');
		await run('dpkg-deb', ['-R', path.join(built, name), tree]);
		await run('sed', ['-i', 's/^Version: .*/&+next/', path.join(tree, 'DEBIAN/control')]);
		await run('dpkg-deb', ['--root-owner-group', '-b', tree, path.join(next, name)]);
		await rm(tree, {recursive: true});
	}

	return [await read(built), await read(next)];
}

/**
 * What dkms builds of the package for the machines' kernel, as dkms hands it on to others: in a root like theirs,
 * since an emulated machine would take an hour for it.
 */
async function buildModule(debian: '12' | '13', built: string): Promise<void> {
	const stack = debian === '12' ? 'systemd-12' : 'systemd';
	const {stdout} = await run(path.join(repository, 'test/lab/images/make.sh'), [stack, 'root']);
	await run(path.join(repository, 'packaging/in-root.sh'), [
		...[stdout.trim(), built, 'sh', '-ec'],
		`dpkg -i /work/coloop-dkms_*.deb
		version=$(dpkg-query -W -f '\${Version}' coloop-dkms)
		kernel=$(cd /lib/modules && ls -d *-amd64)
		dkms mktarball -m coloop -v "\${version%-*}" -k "$kernel" --archive module.tar.gz
		cp "$(find /var/lib/dkms -name module.tar.gz)" /work/module.tar.gz`,
	]);
}

function isPackage(name: string): boolean {
	return /^coloop(-dkms|-doc)?_.*\.deb$/.test(name);
}

async function read(folder: string): Promise<Packages> {
	const names = (await readdir(folder)).filter(
		name => isPackage(name) || name === 'module.tar.gz',
	);
	const files = names.map(async name => [name, await readFile(path.join(folder, name))] as const);

	return new Map(await Promise.all(files));
}

/** Where dkms finds no headers, it builds nothing: see `buildModule`. */
export async function withoutHeaders(machine: Guest): Promise<void> {
	await machine.run('rm -f /lib/modules/*/build /lib/modules/*/source');
}

/** Puts the files there and installs them, over those of another version or anew. */
export async function install(machine: Guest, packages: Packages): Promise<void> {
	for (const [name, content] of packages) {
		await machine.push(`/root/debs/${name}`, content);
	}
	await machine.run(
		'DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i /root/debs/*.deb',
		patient,
	);
}

/** Hands dkms what was built elsewhere, in place of the source alone, which it has; loads nothing. */
export async function takeBuilt(machine: Guest): Promise<void> {
	await machine.run(
		`version=$(ls /var/lib/dkms/coloop)
		dkms remove -m coloop -v "$version" --all &&
		dkms ldtarball --archive=/root/debs/module.tar.gz --force &&
		dkms install -m coloop -v "$version" -k "$(uname -r)" --force`,
		patient,
	);
}

/** Every file and link of a machine but for those of dpkg, logs, and what the kernel makes up. */
export async function whole(machine: Guest): Promise<string> {
	const kept =
		'proc sys dev run tmp root var/log var/cache var/tmp var/lib/dpkg var/lib/dkms/mok.* var/lib/systemd';
	const prunes = kept.split(' ').map(each => `-path '/${each}'`);
	const {stdout} = await machine.run(
		`find / -xdev \\( ${prunes.join(' -o ')} \\) -prune -o -printf '%y %m %p %l\\n' |
		grep -v -e '/lib/modules/[^/]*/modules\\.' -e ' /etc/ld.so.cache ' -e '^d [0-9]* /etc$' | sort -k 3`,
		{silent: true},
	);

	return stdout;
}
