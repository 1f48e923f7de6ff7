// SPDX-License-Identifier: MIT
import {readFileSync} from 'node:fs';

/** Captured from Open vSwitch 3.1.0 of Debian 12. */
export function fixture(name: string): string {
	return readFileSync(
		new URL(`../../../../../test/fixtures/openvswitch/${name}`, import.meta.url),
		'utf8',
	);
}
