// SPDX-License-Identifier: MIT
/*
 * A plugin of QEMU that counts the instructions of each translated block.
 *
 * Each line written to the fifo named by fifo= is the path of a file that gets
 * the counts since the start, "ADDRESS COUNT" in hex and decimal, a line for
 * each block.  It appears under its name when it is whole.
 *
 * Who wants the counts of some time subtracts: nothing is ever set to zero
 * here, since the emulator adds to the counts while they are read.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The parts of QEMU's plugin interface, version 1, that are used here. */
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
		void (*cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb,
		enum qemu_plugin_op op, void *ptr, uint64_t imm);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* Never freed: translated code adds to count. */
struct block {
	uint64_t address;
	uint64_t count;
	struct block *next;
};

#define BUCKET_BITS 18

static struct block *buckets[1 << BUCKET_BITS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *fifo;

/* Called with the lock. */
static struct block *find_block(uint64_t address)
{
	uint64_t hash = (address * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - BUCKET_BITS);
	struct block *b;

	for (b = buckets[hash]; b; b = b->next)
		if (b->address == address)
			return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->address = address;
	b->next = buckets[hash];
	buckets[hash] = b;
	return b;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *b;

	(void)id;
	pthread_mutex_lock(&lock);
	b = find_block(qemu_plugin_tb_vaddr(tb));
	pthread_mutex_unlock(&lock);
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
						 &b->count, qemu_plugin_tb_n_insns(tb));
}

static bool write_counts(FILE *out)
{
	const struct block *b;
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < 1 << BUCKET_BITS; i++)
		for (b = buckets[i]; b; b = b->next)
			fprintf(out, "%" PRIx64 " %" PRIu64 "\n", b->address, b->count);
	pthread_mutex_unlock(&lock);
	return fclose(out) == 0;
}

static void dump(const char *file)
{
	char part[4096 + sizeof(".part")];
	FILE *out;

	snprintf(part, sizeof(part), "%s.part", file);
	out = fopen(part, "w");
	if (!out || !write_counts(out) || rename(part, file))
		perror(file);
}

static void *serve(void *unused)
{
	char line[4096];
	FILE *in;

	(void)unused;
	/* A writer's end ends the file; the next one opens it again. */
	while ((in = fopen(fifo, "r"))) {
		while (fgets(line, sizeof(line), in)) {
			line[strcspn(line, "\n")] = '\0';
			dump(line);
		}
		fclose(in);
	}
	perror(fifo);
	return NULL;
}

__attribute__((visibility("default")))
int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	pthread_t thread;
	int i;

	(void)info;
	for (i = 0; i < argc; i++)
		if (!strncmp(argv[i], "fifo=", 5))
			fifo = strdup(argv[i] + 5);
	if (!fifo) {
		fprintf(stderr, "count: expected fifo=PATH\n");
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return pthread_create(&thread, NULL, serve, NULL);
}
