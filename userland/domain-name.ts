// SPDX-License-Identifier: MIT

/** The control domain's name, as the toolstack writes it. */
export const dom0Name = 'Domain-0';

/** People write `dom0`; everything else is a name as it stands. */
export function domainName(given: string): string {
	return given === 'dom0' ? dom0Name : given;
}
