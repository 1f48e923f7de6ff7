// SPDX-License-Identifier: MIT
import {policyJsonSchema} from './schema.ts';

/* `make generate` makes policy/schema.json of it. */
process.stdout.write(policyJsonSchema());
