// SPDX-License-Identifier: MIT
import type {Shell} from './command.ts';

/** `ui`. */
export function addUi({program, console, socket}: Shell): void {
	program
		.command('ui')
		.description(
			'a page for a browser on this machine: domains, channels and why some have none',
		)
		.option(
			'-l, --listen <where>',
			'127.0.0.1:PORT, or /PATH of a socket, which root alone can open',
			'127.0.0.1:9788',
		)
		.action(async ({listen}: {listen: string}) => {
			const {parseLocalPlace, placeText} = await import('../local-http.ts');
			const {askStatus} = await import('../control/client.ts');
			const {createSource} = await import('../ui/source.ts');
			const {serveUi} = await import('../ui/serve.ts');
			const place = parseLocalPlace(listen, '--listen');
			const stop = new AbortController();
			const end = () => stop.abort();
			process.once('SIGTERM', end).once('SIGINT', end);
			const source = createSource(want => askStatus(socket(), want));
			await serveUi(place, source, stop.signal, port => {
				const where = placeText(place, port);
				console.out(place.kind === 'socket' ? where : `http://${where}/`);
			});
		});
}
