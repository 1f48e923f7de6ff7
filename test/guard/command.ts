// SPDX-License-Identifier: MIT

/** In the order in which a ruleset's commands are run, and undone backwards. */
export const tools = [
	'sysctl',
	'ip',
	'bridge',
	'tc',
	'bpf',
	'nft',
	'iptables',
	'ip6tables',
	'ebtables',
] as const;

export type Tool = (typeof tools)[number];

/** One command of an administrator. A ruleset is a list of them, and one with some left out is one too. */
export type Command = {
	readonly tool: Tool;
	/** What stands behind the tool's name: `link set dev vif3.0 isolated on`, `-t filter -A FORWARD -j DROP`. */
	readonly text: string;
	/** The same tool's command that takes it back; rules need none, they all go at once. */
	readonly undo?: string;
};

export function inOrder(commands: readonly Command[]): Command[] {
	return tools.flatMap(tool => commands.filter(command => command.tool === tool));
}

/** As a shell runs them. */
export function printCommands(commands: readonly Command[]): string {
	return commands.map(({tool, text}) => `${words[tool]} ${quote(tool, text)}\n`).join('');
}

const words: Readonly<Record<Tool, string>> = {
	sysctl: 'sysctl -w',
	ip: 'ip',
	bridge: 'bridge',
	tc: 'tc',
	bpf: 'build/guard/bpf',
	nft: 'nft',
	iptables: 'iptables-nft',
	ip6tables: 'ip6tables-nft',
	ebtables: 'ebtables-nft',
};

function quote(tool: Tool, text: string): string {
	return tool === 'nft' ? `'${text}'` : text.replaceAll('!', '\\!');
}
