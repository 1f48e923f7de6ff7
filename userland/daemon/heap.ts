// SPDX-License-Identifier: MIT
import {setFlagsFromString} from 'node:v8';

/**
 * Keeps the heap small; to be called first. V8 lets its young generation grow while much is allocated, and collects the
 * old one when it is four times as large as after the last time. What that comes to is in test/bench-control/README.md.
 */
export function keepHeapSmall(): void {
	setFlagsFromString('--semi-space-growth-factor=1');
	setFlagsFromString('--heap-growing-percent=100');
}
