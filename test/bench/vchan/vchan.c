// SPDX-License-Identifier: MIT
/*
 * vchan server DOMID                                  serves one client of that domain
 * vchan client DOMID rr|stream BYTES SECONDS          tells round trips, or bytes, and the time
 *
 * What memory shared over Debian's libxenvchan gives to a program written for it: no socket, no
 * network.  Each message has a header; the last of a stream is answered, so that what counts
 * has arrived.
 */
#include <libxenvchan.h>

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	/* As large as libxenvchan makes them, and as a channel's are by default. */
	RING_BYTES = 1 << 20,
	MOST_BYTES = 1 << 16,
};

enum { HAS_ANSWER = 1 };

struct header {
	uint32_t bytes;
	uint32_t flags;
};

/* Sent in one go: every write tells the other side. */
static struct message {
	struct header header;
	char data[MOST_BYTES];
} message;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct libxenvchan *check(struct libxenvchan *v)
{
	if (!v)
		die("vchan");
	v->blocking = 1;
	return v;
}

static void put(struct libxenvchan *v, const void *from, size_t bytes)
{
	if (libxenvchan_send(v, from, bytes) != (int)bytes)
		die("send");
}

static void get(struct libxenvchan *v, void *to, size_t bytes)
{
	if (libxenvchan_recv(v, to, bytes) != (int)bytes)
		die("receive");
}

/* One message, with its answer if it asks for one. */
static void say(struct libxenvchan *v, uint32_t bytes, uint32_t flags)
{
	message.header = (struct header){ .bytes = bytes, .flags = flags };
	put(v, &message, sizeof(message.header) + bytes);
	if (flags & HAS_ANSWER)
		get(v, message.data, bytes);
}

/* Until the client has gone. */
static void serve(int domid)
{
	struct libxenvchan *v = check(libxenvchan_server_init(NULL, domid, "data/vchan",
							      RING_BYTES, RING_BYTES));
	struct header *h = &message.header;

	puts("ready");
	fflush(stdout);
	while (libxenvchan_recv(v, h, sizeof(*h)) == sizeof(*h)) {
		if (h->bytes > MOST_BYTES)
			die("message");
		get(v, message.data, h->bytes);
		if (h->flags & HAS_ANSWER)
			put(v, message.data, h->bytes);
	}
	libxenvchan_close(v);
}

static void ask(int domid, uint32_t bytes, uint32_t flags, double seconds)
{
	char path[64];
	struct libxenvchan *v;
	uint64_t messages = 1;
	double start;

	snprintf(path, sizeof(path), "/local/domain/%d/data/vchan", domid);
	v = check(libxenvchan_client_init(NULL, domid, path));
	start = now();
	for (; now() - start < seconds; messages++)
		say(v, bytes, flags);
	say(v, bytes, HAS_ANSWER);
	printf("%" PRIu64 " messages of %" PRIu32 " bytes in %.6f s\n", messages, bytes,
	       now() - start);
	libxenvchan_close(v);
}

int main(int argc, char **argv)
{
	int domid = argc > 2 ? atoi(argv[2]) : 0;
	int bytes = argc > 4 ? atoi(argv[4]) : 0;

	if (argc == 3 && !strcmp(argv[1], "server")) {
		serve(domid);
		return 0;
	}
	if (argc != 6 || strcmp(argv[1], "client") || bytes < 1 || bytes > MOST_BYTES) {
		fputs("usage: vchan server DOMID | client DOMID rr|stream BYTES SECONDS\n", stderr);
		return 2;
	}
	ask(domid, (uint32_t)bytes, strcmp(argv[3], "rr") ? 0 : HAS_ANSWER, atof(argv[5]));
	return 0;
}
