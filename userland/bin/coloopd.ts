#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import {main} from '../daemon/main.ts';

main(process.argv.slice(2)).then(status => {
	process.exitCode = status;
});
