// SPDX-License-Identifier: MIT
import type {Group} from './command.ts';
import {addCompletion} from './completing.ts';
import {addDiagnosing} from './diagnosing.ts';
import {addPolicy} from './policy-commands.ts';
import {addFleet} from './fleet-commands.ts';
import {addModule} from './reloading.ts';
import {addReporting} from './reporting.ts';
import {addShowing} from './showing.ts';
import {addSwitching} from './switching.ts';
import {addTrying} from './trying.ts';
import {addUi} from './ui.ts';
import {addWatching} from './watching.ts';

/** Every command there is, in the order in which help and manual tell them. */
export const groups: readonly Group[] = [
	addShowing,
	addDiagnosing,
	addWatching,
	addUi,
	addSwitching,
	addTrying,
	addPolicy,
	addFleet,
	addModule,
	addReporting,
	addCompletion,
];
