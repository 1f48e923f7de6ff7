// SPDX-License-Identifier: MIT
import type {Argument, Command, Option} from 'commander';

/** What may stand for an argument or the value of an option, as far as a shell can complete it. */
export type Kind = 'peer' | 'file' | 'directory' | 'other' | {readonly choices: readonly string[]};

export type Word = {
	readonly name: string;
	readonly kind: Kind;
	readonly says: string;
	readonly isRequired: boolean;
	readonly isVariadic: boolean;
};

export type Flag = {
	/** `-j`, `--json`; at least one of the two. */
	readonly short: string | undefined;
	readonly long: string | undefined;
	readonly says: string;
	/** Undefined for a flag that takes none. */
	readonly value: {readonly name: string; readonly kind: Kind} | undefined;
	readonly fallback: string | undefined;
};

/** A program or one of its commands, as its table of options and arguments says it. */
export type Described = {
	readonly name: string;
	/** One line. */
	readonly summary: string;
	readonly description: string;
	readonly words: readonly Word[];
	readonly flags: readonly Flag[];
	readonly commands: readonly Described[];
};

export function describeProgram(command: Command): Described {
	return {
		name: command.name(),
		summary: command.summary() || command.description(),
		description: command.description(),
		words: command.registeredArguments.map(describeArgument),
		flags: [...command.options.filter(({hidden}) => !hidden).map(describeOption), help],
		commands: command.commands.map(describeProgram),
	};
}

/** Of every command. */
const help: Flag = {
	...{short: '-h', long: '--help', says: 'what there is, and exit'},
	...{value: undefined, fallback: undefined},
};

function describeArgument(argument: Argument): Word {
	const name = argument.name();

	return {
		name,
		kind: argument.argChoices ? {choices: argument.argChoices} : kindOf(name),
		says: argument.description,
		isRequired: argument.required,
		isVariadic: argument.variadic,
	};
}

function describeOption(option: Option): Flag {
	const name = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1];
	const kind = option.argChoices ? {choices: option.argChoices} : kindOf(name ?? '');

	return {
		short: option.short,
		long: option.long,
		says: option.description,
		value: name === undefined ? undefined : {name, kind},
		fallback: option.defaultValue === undefined ? undefined : String(option.defaultValue),
	};
}

/** Help and manual name a thing by what it is, and so do we know it. */
function kindOf(name: string): Kind {
	switch (name) {
		case 'peer':
		case 'other':
		case 'a':
		case 'b':
			return 'peer';
		case 'file':
		case 'path':
			return 'file';
		case 'directory':
			return 'directory';
		default:
			return 'other';
	}
}
