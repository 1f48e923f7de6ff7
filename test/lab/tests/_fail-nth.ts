// SPDX-License-Identifier: MIT
import type {Guest} from '../guest.ts';
import {parseOutcome, type Order, type Outcome} from '../inside/order.ts';
import type {Lab} from '../lab.ts';

const socket = '/run/fail-nth.sock';

// Where modules are, and there is none but ours: the kernel's addresses are not random.
const [start, end] = ['0xffffffffa0000000', '0xffffffffff000000'];

// The kernel counts down what it may still refuse. It logs no more than some of what it refused.
const most = 1_000_000_000;
const countRefusals = `refusals() {
	echo $((2 * ${most} - $(cat /sys/kernel/debug/failslab/times) -
		$(cat /sys/kernel/debug/fail_page_alloc/times)))
}`;

// A load makes 427.
const mostRounds = 1000;

/**
 * From here on an allocation counts, if asked to fail, when our module is in the calls that led to it;
 * not those for an interrupt's files: Linux forgets which of them it could not make, and warns when
 * it removes them (register_irq_proc(), remove_proc_entry(); 6.12).
 */
export async function watchAllocations(machine: Guest): Promise<void> {
	await machine.run(`set -e
		set -- $(awk 'found {print found, "0x" $1; exit} $3 == "register_irq_proc" {found = "0x" $1}' \
			/proc/kallsyms)
		for each in /sys/kernel/debug/failslab /sys/kernel/debug/fail_page_alloc; do
			cd $each
			echo N >ignore-gfp-wait
			echo 1 >verbose
			echo 32 >stacktrace-depth
			echo ${most} >times
			echo ${start} >require-start
			echo ${end} >require-end
			echo $1 >reject-start
			echo $2 >reject-end
		done
		echo N >ignore-gfp-highmem
		echo 0 >min-order`);
}

/** Until it is told otherwise, the kernel refuses some of what the module asks for, whoever runs it. */
export async function refuseSome(machine: Guest, percent: number): Promise<void> {
	await machine.run(`for each in /sys/kernel/debug/failslab /sys/kernel/debug/fail_page_alloc; do
		echo ${percent} >$each/probability || exit 1
	done`);
}

export async function refusals(machine: Guest): Promise<number> {
	const {stdout} = await machine.run(`${countRefusals}; refusals`, {silent: true});

	return Number(stdout);
}

/** insmod or rmmod with the first, the second ... of the module's allocations refused. */
export async function exhaustCommand(
	machine: Guest,
	command: string,
	undo: string,
): Promise<{refused: number; tolerated: number}> {
	const {stdout} = await machine.run(
		`${countRefusals}
		refused=0 tolerated=0
		for n in $(seq ${mostRounds}); do
			before=$(refusals)
			if sh -c "echo $n >/proc/self/fail-nth && exec ${command}"; then
				[ $(refusals) != $before ] || { echo $refused $tolerated; exit; }
				tolerated=$((tolerated + 1))
				${undo} || { echo "cannot be taken back after failure $n" >&2; exit 1; }
			else
				[ $(refusals) != $before ] || { echo "round $n: no for another reason" >&2; exit 1; }
				refused=$((refused + 1))
			fi
		done
		echo "$refused refused, $tolerated done without, and no end" >&2
		exit 1`,
		{timeout: 1_200_000},
	);
	const [refused = 0, tolerated = 0] = stdout.trim().split(' ').map(Number);

	return {refused, tolerated};
}

/** A guest in which inside/fail-nth.ts does things to the module. */
export class Exhauster {
	readonly #guest: Guest;
	readonly #common: Pick<Order, 'domid' | 'link' | 'listen'>;

	private constructor(guest: Guest, common: Pick<Order, 'domid' | 'link' | 'listen'>) {
		this.#guest = guest;
		this.#common = common;
	}

	static async start({dom0}: Lab, guest: Guest, peer: Guest): Promise<Exhauster> {
		const id = async ({name}: Guest) => Number((await dom0.run(`xl domid ${name}`)).stdout);
		const [own, domid] = [await id(guest), await id(peer)];
		const {stdout: ifindex} = await guest.run('cat /sys/class/net/eth0/ifindex');
		const mac = async (of: Guest) =>
			(await of.run('cat /sys/class/net/eth0/address')).stdout.trim();

		await guest.run(
			`setsid node /opt/coloop/fail-nth.mjs ${socket} </dev/null >/var/log/fail-nth.log 2>&1 &
			until [ -S ${socket} ]; do
				kill -0 $! || { cat /var/log/fail-nth.log >&2; exit 1; }
				busybox usleep 500000
			done`,
			{timeout: 300_000},
		);
		const link = {
			ifindex: Number(ifindex),
			localMac: await mac(guest),
			remoteMac: await mac(peer),
		};

		return new Exhauster(guest, {domid, link, listen: own < domid});
	}

	async exhaust(step: Order['step'], offer = {controlRef: 0, eventPort: 0}): Promise<Outcome> {
		const order: Order = {...this.#common, step, offer};
		const {stdout} = await this.#guest.run(`nc -U -w 600 ${socket}`, {
			input: `${JSON.stringify(order)}\n`,
			timeout: 600_000,
		});

		return parseOutcome(stdout);
	}

	async stop(): Promise<void> {
		await this.#guest.run(`pkill -f 'fail-nth[.]mjs' && rm ${socket}`);
	}
}
