// SPDX-License-Identifier: MIT
import type {Flavour} from './snapshot.ts';

const machines = {
	13: 'Debian 13, Xen 4.20, Linux 6.12',
	12: 'Debian 12, Xen 4.17, Linux 6.1',
	next: 'Debian 13, Xen 4.20, the newest Linux of its backports',
	debug: 'Debian 13, Xen 4.20, Linux 6.12 that watches itself, with KASAN',
	'debug-pv': 'Debian 13, Xen 4.20, Linux 6.12 that watches itself',
	systemd: 'Debian 13, Xen 4.20, Linux 6.12, and systemd',
	'systemd-12': 'Debian 12, Xen 4.17, Linux 6.1, and systemd',
};

/** The lab as a box drawing, for the person who opens it. */
export function picture({stack, mode, type}: Flavour): string {
	return `
  ${machines[stack]}; guests are ${type}, time is ${mode}

  +- QEMU ------------------------------------------------------------------+
  | +- dom0 ------------+   +- a ----------------+   +- b ----------------+ |
  | | xenbr0            |   |                    |   |                    | |
  | |  10.0.0.254/24    |   | 10.0.0.1/24        |   | 10.0.0.2/24        | |
  | |  fd00::fe/64      |   | fd00::1/64         |   | fd00::2/64         | |
  | |  |-- vif1.0 ------|---|- eth0              |   |                    | |
  | |  '-- vif2.0 ------|---|--------------------|---|- eth0              | |
  | |                   |   |                    |   |                    | |
  | | vif1.1, vif2.1 ---|---|- eth1 management --|---|- eth1              | |
  | +-------------------+   +--------------------+   +--------------------+ |
  +-------------------------------------------------------------------------+

  names: dom0 a b (IPv4), dom06 a6 b6 (IPv6)    fresh builds: /opt/coloop
  @a goes to a, "b: COMMAND" looks into b from anywhere, Ctrl-D ends

`;
}
