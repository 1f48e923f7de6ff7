// SPDX-License-Identifier: MIT
import {readdirSync, readFileSync} from 'node:fs';
import {parseListing, withDevices, type Listing} from '../../../userland/firewall/listing.ts';
import type {Port} from '../../../userland/firewall/types.ts';
import {parseRuleset, type NftRuleset} from '../../../userland/nftables-js/index.ts';

export const vifA: Port = {kind: 'vif', name: 'vif3.0', mac: '00:16:3e:00:00:03', bridge: 'xenbr0'};
export const vifB: Port = {kind: 'vif', name: 'vif4.0', mac: '00:16:3e:00:00:04', bridge: 'xenbr0'};
export const host: Port = {
	kind: 'host',
	name: 'xenbr0',
	mac: '00:16:3e:00:00:01',
	bridge: 'xenbr0',
};

export type Captured = {
	readonly ruleset: NftRuleset;
	readonly text: string;
	readonly listing: Listing;
};

type Captures = ReadonlyMap<string, ReadonlyMap<string, Captured>>;

/** What test/fixtures/nft/capture.sh kept, by version of nft and by case. */
export const captured = readCaptures('test/fixtures/nft');

/** The same of rulesets that people have reported, most of them written by iptables and ebtables. */
export const reported = readCaptures('test/fixtures/nft/reported');

function readCaptures(folder: string): Captures {
	return new Map(
		readdirSync(folder)
			.filter(name => name.endsWith('.txt'))
			.map(name => [
				name.replace(/\.txt$/, ''),
				parseCapture(readFileSync(`${folder}/${name}`, 'utf8')),
			]),
	);
}

function parseCapture(text: string): Map<string, Captured> {
	return new Map(
		text
			.split(/^@@ /m)
			.slice(1)
			.map(section => {
				const [name = '', json = '', ...lines] = section.split('\n');
				const listed = lines.join('\n');
				const listing = parseListing(listed);

				return [
					name,
					{ruleset: withDevices(parseRuleset(json), listing), text: listed, listing},
				];
			}),
	);
}
