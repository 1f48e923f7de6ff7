// SPDX-License-Identifier: MIT
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
	{ignores: ['build/**', '**/dist/**', '**/node_modules/**']},
	js.configs.recommended,
	...tseslint.configs.strict,
	{
		rules: {
			'@typescript-eslint/consistent-type-definitions': ['error', 'type'],
			'@typescript-eslint/no-explicit-any': 'error',
			'@typescript-eslint/consistent-type-imports': [
				'error',
				{fixStyle: 'inline-type-imports', disallowTypeAnnotations: false},
			],
			'@typescript-eslint/no-import-type-side-effects': 'error',
			curly: ['error', 'all'],
			'padding-line-between-statements': [
				'error',
				{blankLine: 'always', prev: '*', next: 'return'},
			],
		},
	},
	{
		files: ['userland/ui/page/*.js'],
		languageOptions: {
			globals: {document: 'readonly', EventSource: 'readonly', fetch: 'readonly'},
		},
	},
);
