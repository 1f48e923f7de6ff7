// SPDX-License-Identifier: MIT
import type {Described, Flag, Kind, Word} from './program.ts';

/** Completion for bash, which needs nothing but bash. */
export function bashCompletion(program: Described): string {
	/* The program's own come last, as what a command says goes before. */
	const paths = pathsOf(program, '').reverse();

	return `# SPDX-License-Identifier: MIT
# bash completion for ${program.name}, made from its own table of commands

# Adds those words that continue what is typed, quoted as the line needs it.
_coloop_add() {
	local word quoted
	for word; do
		printf -v quoted %q "$word"
		case $cur in
		[\\'\\"]*) [[ $word == "\${cur:1}"* ]] && COMPREPLY+=("$word") ;;
		*) [[ $word == "$cur"* || $quoted == "$cur"* ]] && COMPREPLY+=("$quoted") ;;
		esac
	done
}

# Names that cannot be typed are left out.
_coloop_peers() {
	local name
	while IFS= read -r name; do
		case $name in
		'' | - | *'\\u{'*) ;;
		*) _coloop_add "\${name//\\\\\\\\/\\\\}" ;;
		esac
	done < <(${program.name} "\${socket[@]}" dump 2>/dev/null | cut -f 2,4 | tr '\\t' '\\n' | sort -u)
}

_coloop_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen "$1" -- "$cur")
}

_coloop() {
	local cur=\${COMP_WORDS[COMP_CWORD]} prev= path= index word
	local -i position=0
	local -a socket=()
	COMPREPLY=()
	[[ $cur == = ]] && cur=
	for ((index = 1; index < COMP_CWORD; index++)); do
		word=\${COMP_WORDS[index]} prev=
		case "$path $word" in
${valueCases(paths)}		*' -'*) ;;
${commandCases(paths)}		*) position+=1 ;;
		esac
	done
	case "$path $prev" in
${paths.flatMap(([path, {flags}]) => flags.flatMap(flag => afterFlag(path, flag))).join('')}	esac
	if [[ $cur == -* ]]; then
		case $path in
${paths.map(([path, {flags}]) => `\t\t${quote(path)}) _coloop_add ${namesOf(flags)} ;;\n`).join('')}		esac
		return
	fi
	case "$path $position" in
${paths.flatMap(([path, command]) => atPosition(path, command)).join('')}	esac
}

complete -F _coloop ${program.name}
`;
}

type Path = readonly [string, Described];

/** Every command that can be named, by the words that lead to it; the program's own is empty. */
function pathsOf(command: Described, path: string): Path[] {
	const below = command.commands.flatMap(each =>
		pathsOf(each, path === '' ? each.name : `${path} ${each.name}`),
	);

	return [[path, command], ...below];
}

function valueCases(paths: readonly Path[]): string {
	const patterns = paths.flatMap(([path, {flags}]) =>
		flags.filter(({value}) => value !== undefined).flatMap(flag => patternsOf(path, flag)),
	);
	const take = '((++index < COMP_CWORD)) || prev=$word';
	const equal = '[[ ${COMP_WORDS[index + 1]} == = ]] && ((++index))';
	const keep = `[[ $word == -s || $word == --socket ]] && socket=(-s "\${COMP_WORDS[index + 1]}")`;

	return patterns.length === 0
		? ''
		: `\t\t${patterns.join(' | ')})\n\t\t\t${equal}\n\t\t\t${keep}\n\t\t\t${take}\n\t\t\t;;\n`;
}

function commandCases(paths: readonly Path[]): string {
	return paths
		.flatMap(([path, {commands}]) =>
			commands.map(({name}) => {
				const whole = path === '' ? name : `${path} ${name}`;

				return `\t\t${quote(`${path} ${name}`)}) path=${quote(whole)} position=0 ;;\n`;
			}),
		)
		.join('');
}

function afterFlag(path: string, flag: Flag): string[] {
	if (flag.value === undefined) {
		return [];
	}
	const names = patternsOf(path, flag);

	return [`\t${names.join(' | ')}) ${actionOf(flag.value.kind)}; return ;;\n`];
}

function atPosition(path: string, {commands, words}: Described): string[] {
	if (commands.length > 0) {
		const names = commands.map(({name}) => name).join(' ');

		return [`\t${quote(`${path} 0`)}) _coloop_add ${names} ;;\n`];
	}

	return words.map((word, index) => {
		const pattern = word.isVariadic ? `${quote(`${path} `)}*` : quote(`${path} ${index}`);

		return `\t${pattern}) ${actionFor(word)} ;;\n`;
	});
}

function actionFor({kind}: Word): string {
	return actionOf(kind);
}

function actionOf(kind: Kind): string {
	switch (kind) {
		case 'peer':
			return '_coloop_peers';
		case 'file':
			return '_coloop_files -f';
		case 'directory':
			return '_coloop_files -d';
		case 'other':
			return ':';
		default:
			return `_coloop_add ${kind.choices.join(' ')}`;
	}
}

function namesOf(flags: readonly Flag[]): string {
	return flags.flatMap(({short, long}) => long ?? short ?? []).join(' ');
}

/** The program's own flags may stand behind a command. */
function patternsOf(path: string, flag: Flag): string[] {
	return spellings(flag).map(name =>
		path === '' ? `*${quote(` ${name}`)}` : quote(`${path} ${name}`),
	);
}

function spellings({short, long}: Flag): string[] {
	return [short ?? [], long ?? []].flat();
}

function quote(text: string): string {
	return `'${text}'`;
}
