// SPDX-License-Identifier: MIT
//
// A XenStore for machines without Xen, at /run/xenstored/socket until it is killed: debian/tests/daemon.
import {startFake} from '../dom0/harness/xenstored.ts';

await startFake('/run');
