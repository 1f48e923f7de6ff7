// SPDX-License-Identifier: MIT
import type {Described, Flag, Kind, Word} from './program.ts';

/** Completion for zsh, to be found as `_coloop` in its fpath. */
export function zshCompletion(program: Described): string {
	return `#compdef ${program.name}
# SPDX-License-Identifier: MIT
# zsh completion for ${program.name}, made from its own table of commands

# Names that cannot be typed are left out.
_coloop_peers() {
	local -a names
	names=(\${(f)"$(${program.name} dump 2>/dev/null | cut -f 2,4 | tr '\\t' '\\n' | grep -vxF -e - | grep -vF '\\u{' | sort -u)"})
	names=(\${names//'\\\\'/'\\'})
	compadd -a names
}

${functionOf(program, `_${program.name}`)}
_${program.name} "$@"
`;
}

function functionOf(command: Described, name: string): string {
	const {commands, flags, words} = command;
	const specs = flags.map(flagSpec);
	if (commands.length === 0) {
		const all = [...specs, ...words.map(wordSpec)];

		return `${name}() {\n\t_arguments -s \\\n\t\t${all.join(' \\\n\t\t')}\n}\n`;
	}
	const listed = commands.map(each => quote(`${each.name}:${clean(each.summary)}`));
	const cases = commands.map(each => `\t\t${each.name}) ${name}_${each.name} ;;`);

	return `${commands.map(each => functionOf(each, `${name}_${each.name}`)).join('\n')}
${name}() {
	local curcontext=$curcontext state line
	typeset -A opt_args
	_arguments -C -s \\
		${specs.join(' \\\n\t\t')} \\
		'1: :->command' \\
		'*:: :->words'
	case $state in
	command)
		local -a commands
		commands=(
			${listed.join('\n\t\t\t')}
		)
		_describe command commands
		;;
	words)
		case $words[1] in
${cases.join('\n')}
		esac
		;;
	esac
}
`;
}

function flagSpec({short, long, says, value}: Flag): string {
	const names = [short ?? [], long ?? []].flat();
	const text = `[${clean(says)}]${value ? `:${value.name}:${actionOf(value.kind)}` : ''}`;
	const spelled = names.length > 1 ? `{${names.join(',')}}` : names.join('');

	return names.length > 1
		? `${quote(`(${names.join(' ')})`)}${spelled}${quote(text)}`
		: quote(`${spelled}${text}`);
}

function wordSpec({name, kind, isVariadic, isRequired}: Word): string {
	const before = isVariadic ? '*' : isRequired ? '' : ':';

	return quote(`${before}:${name}:${actionOf(kind)}`);
}

function actionOf(kind: Kind): string {
	switch (kind) {
		case 'peer':
			return '_coloop_peers';
		case 'file':
			return '_files';
		case 'directory':
			return '_files -/';
		case 'other':
			return ' ';
		default:
			return `(${kind.choices.join(' ')})`;
	}
}

/** Brackets and colons end a description. */
function clean(text: string): string {
	return text.replace(/[[\]]/g, '').replace(/:/g, '\\:').replace(/`/g, '');
}

function quote(text: string): string {
	return `'${text.replace(/'/g, "'\\''")}'`;
}
