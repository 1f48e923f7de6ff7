// SPDX-License-Identifier: MIT
import type {Described, Flag, Kind} from './program.ts';

/** Completion for fish. */
export function fishCompletion(program: Described): string {
	const {name} = program;

	return `# SPDX-License-Identifier: MIT
# fish completion for ${name}, made from its own table of commands

# Names that cannot be typed are left out.
function __coloop_peers
	${name} dump 2>/dev/null | cut -f 2,4 | string split \\t | string match -v -- - | string match -v -- '*\\\\\\\\u{*' | string replace -a -- '\\\\\\\\' '\\\\' | sort -u
end

# Whether the words so far are those, in this order, and perhaps options.
function __coloop_at
	set -l words (commandline -opc | string match -v -- '-*')[2..-1]
	test (count $words) -ge (count $argv); or return 1
	set -q argv[1]; or return 0
	test "$words[1..$(count $argv)]" = "$argv"
end

function __coloop_exactly
	set -l words (commandline -opc | string match -v -- '-*')[2..-1]
	test "$words" = "$argv"
end

complete -c ${name} -f
${linesOf(program, name, []).join('\n')}
`;
}

function linesOf(command: Described, program: string, path: readonly string[]): string[] {
	const {commands, flags, words} = command;
	const at = `-n ${quote(['__coloop_at', ...path].join(' '))}`;
	const named = commands.map(
		({name, summary}) =>
			`complete -c ${program} -n ${quote(['__coloop_exactly', ...path].join(' '))} -a ${name} -d ${quote(summary)}`,
	);
	const words_ = words.slice(0, 1).flatMap(({kind}) => {
		const action = actionOf(kind);

		return action === '' ? [] : [`complete -c ${program} ${at} ${action}`];
	});

	return [
		...named,
		...flags.map(flag => `complete -c ${program} ${at} ${flagSpec(flag)}`),
		...words_,
		...commands.flatMap(each => linesOf(each, program, [...path, each.name])),
	];
}

function flagSpec({short, long, says, value}: Flag): string {
	const names = [
		short === undefined ? [] : `-s ${short.slice(1)}`,
		long === undefined ? [] : `-l ${long.slice(2)}`,
	].flat();
	const action = value ? ` -r ${actionOf(value.kind)}`.trimEnd() : '';

	return `${names.join(' ')}${action} -d ${quote(says)}`;
}

function actionOf(kind: Kind): string {
	switch (kind) {
		case 'peer':
			return "-a '(__coloop_peers)'";
		case 'file':
			return '-F';
		case 'directory':
			return "-a '(__fish_complete_directories)'";
		case 'other':
			return '';
		default:
			return `-a ${quote(kind.choices.join(' '))}`;
	}
}

function quote(text: string): string {
	return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
