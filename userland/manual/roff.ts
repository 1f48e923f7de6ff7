// SPDX-License-Identifier: MIT

/** Running text as man(7) takes it: what stands in backticks is bold, lines begin with no request. */
export function prose(text: string): string {
	return text
		.split('\n')
		.map(line => escape(line).replace(/`([^`]+)`/g, '\\fB$1\\fR'))
		.map(line => (/^[.']/.test(line) ? `\\&${line}` : line))
		.join('\n');
}

/** Each on a line of its own, as they stand. */
export function literal(lines: readonly string[]): string {
	return ['.nf', ...lines.map(line => prose(line) || '.sp'), '.fi'].join('\n');
}

/** A paragraph with a tag before it. */
export function tagged(tag: string, text: string): string {
	return `.TP\n${tag}\n${prose(text)}`;
}

export function bold(text: string): string {
	return `\\fB${escape(text)}\\fR`;
}

export function italic(text: string): string {
	return `\\fI${escape(text)}\\fR`;
}

function escape(text: string): string {
	return text
		.replace(/\\/g, '\\e')
		.replace(/-/g, '\\-')
		.replace(/\^/g, '\\(ha')
		.replace(/~/g, '\\(ti');
}
