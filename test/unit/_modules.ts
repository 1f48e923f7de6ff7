// SPDX-License-Identifier: MIT
import {readdirSync, readFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import ts from 'typescript';

export const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** One import of a module of ours; `names` as they are exported, `*` for all of them. */
export type Import = {
	/** From the root of the tree: `userland/kernel/client.ts`. */
	readonly from: string;
	readonly names: readonly string[];
	/** Nothing of it is left in what runs. */
	readonly isType: boolean;
};

export type Module = {readonly imports: readonly Import[]; readonly exports: readonly string[]};

/** Every module below folders of the tree, by its path from the root. */
export function readModules(folders: readonly string[]): Map<string, Module> {
	const paths = folders.flatMap(folder =>
		readdirSync(join(root, folder), {recursive: true, encoding: 'utf8'})
			.filter(path => path.endsWith('.ts') && !/(^|\/)(node_modules|dist|build)\//.test(path))
			.map(path => join(folder, path)),
	);

	return new Map(
		paths.map(path => [path, parseModule(path, readFileSync(join(root, path), 'utf8'))]),
	);
}

export function parseModule(path: string, text: string): Module {
	const imports: Import[] = [];
	const exports: string[] = [];
	const add = (specifier: ts.Node | undefined, names: readonly string[], isType: boolean) => {
		if (specifier && ts.isStringLiteral(specifier) && specifier.text.startsWith('.')) {
			const from = relative(root, join(root, dirname(path), specifier.text));
			imports.push({from: from.replace(/\.js$/, '.ts'), names, isType});
		}
	};
	const visit = (node: ts.Node): void => {
		if (ts.isImportDeclaration(node)) {
			add(node.moduleSpecifier, namesOf(node.importClause), isTypeOnly(node.importClause));
		} else if (ts.isExportDeclaration(node)) {
			const names = exportedNames(node);
			exports.push(...names);
			add(node.moduleSpecifier, names.length > 0 ? names : ['*'], node.isTypeOnly);
		} else if (
			ts.isCallExpression(node) &&
			node.expression.kind === ts.SyntaxKind.ImportKeyword
		) {
			add(node.arguments[0], ['*'], false);
		} else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
			add(node.argument.literal, ['*'], true);
		}
		ts.forEachChild(node, visit);
	};
	const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
	visit(source);
	exports.push(...source.statements.flatMap(declaredNames));

	return {imports, exports};
}

function namesOf(clause: ts.ImportClause | undefined): string[] {
	const bindings = clause?.namedBindings;
	if (bindings && ts.isNamedImports(bindings)) {
		return bindings.elements.map(({propertyName, name}) => (propertyName ?? name).text);
	}

	return ['*'];
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
	const bindings = clause?.namedBindings;
	const areTypes =
		bindings !== undefined &&
		ts.isNamedImports(bindings) &&
		bindings.elements.every(({isTypeOnly}) => isTypeOnly);

	return clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || areTypes;
}

function exportedNames({exportClause}: ts.ExportDeclaration): string[] {
	return exportClause && ts.isNamedExports(exportClause)
		? exportClause.elements.map(({name}) => name.text)
		: [];
}

function declaredNames(node: ts.Statement): string[] {
	const isExported =
		ts.canHaveModifiers(node) &&
		ts.getModifiers(node)?.some(({kind}) => kind === ts.SyntaxKind.ExportKeyword);
	if (!isExported) {
		return [];
	}
	if (ts.isVariableStatement(node)) {
		return node.declarationList.declarations.flatMap(({name}) =>
			ts.isIdentifier(name) ? [name.text] : [],
		);
	}
	const {name} = node as unknown as {name?: ts.Node};

	return name && ts.isIdentifier(name) ? [name.text] : [];
}
