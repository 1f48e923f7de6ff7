// SPDX-License-Identifier: MIT
/*
 * probe GUESTS BRIDGE END...: sends frames and says which arrived.  GUESTS is the path of the network
 * namespace that END... are in; BRIDGE is dom0's bridge, in this process's own.  Places are numbered in
 * that order: 0 is dom0, 1 the first END.  A frame goes out of a place as it is, through an AF_PACKET
 * socket.  At an END frames are received as they come; in dom0 as packets, by raw sockets, that is
 * behind dom0's own input rules.
 *
 * Request on stdin, in the machine's byte order, and its answer on stdout:
 *
 *	u32 bytes that follow            u32 bytes that follow
 *	u16 milliseconds to wait         u8 per frame: enum fate
 *	u16 frames                       of each frame that changed:
 *	per frame:                         u16 index, u16 length, its bytes as they came
 *	  u8 from, u8 to
 *	  u16 skip, u16 length, bytes
 *
 * A frame's last TAG bytes are its own, by them one that was changed is known.  It is intact where all
 * of it from byte `skip` on came through; where that is the tag alone, in whatever frame, as fragments
 * may be put together and cut again.  Conntrack's table is emptied before each request.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	TAG = 8,
	SOCKETS_MAX = 64,
	PLACES_MAX = 16,
	FRAME_MAX = 65535,
	/* So many frames fit into a socket's buffer. */
	BURST = 64,
	/* Of a frame that need not arrive. */
	NOWHERE = 255,
	RECEIVE_BUFFER = 16 << 20,
};

enum fate { LOST, INTACT, CHANGED };

struct frame {
	uint8_t from, to;
	uint16_t skip, length;
	const uint8_t *bytes;
	enum fate fate;
	uint8_t *came;
	uint16_t came_length;
};

/* What a place receives by. */
struct ear {
	int fd;
	uint8_t place;
};

static struct ear ears[SOCKETS_MAX];
static struct pollfd polled[SOCKETS_MAX];
static unsigned int ear_count;
static int mouths[PLACES_MAX];

static void listen_at(int fd, uint8_t place)
{
	int size = RECEIVE_BUFFER;

	if (fd < 0)
		err(1, "socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		err(1, "SO_RCVBUFFORCE");
	polled[ear_count] = (struct pollfd){.fd = fd, .events = POLLIN};
	ears[ear_count++] = (struct ear){fd, place};
}

static int open_packet(const char *device, int protocol)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = if_nametoindex(device),
	};

	if (fd < 0 || !address.sll_ifindex)
		err(1, "%s", device);
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)))
		err(1, "PACKET_IGNORE_OUTGOING");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "bind to %s", device);
	return fd;
}

static void open_dom0(const char *bridge)
{
	static const int protocols[] = {IPPROTO_TCP, IPPROTO_UDP,  IPPROTO_ICMP, IPPROTO_ICMPV6,
					IPPROTO_ESP, IPPROTO_GRE, IPPROTO_SCTP};
	unsigned int i;

	mouths[0] = open_packet(bridge, 0);
	for (i = 0; i < sizeof(protocols) / sizeof(*protocols); i++) {
		listen_at(socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocols[i]), 0);
		listen_at(socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocols[i]), 0);
	}
}

static void open_ends(const char *namespace, char **ends, int count)
{
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int guests = open(namespace, O_RDONLY | O_CLOEXEC), i;

	if (own < 0 || guests < 0 || setns(guests, CLONE_NEWNET))
		err(1, "%s", namespace);
	for (i = 0; i < count; i++) {
		mouths[i + 1] = open_packet(ends[i], ETH_P_ALL);
		listen_at(mouths[i + 1], i + 1);
	}
	if (setns(own, CLONE_NEWNET))
		err(1, "setns");
	close(own);
	close(guests);
}

/* In this namespace, that is dom0's. */
static void flush_conntrack(void)
{
	static int fd = -1;
	struct {
		struct nlmsghdr header;
		struct nfgenmsg body;
	} request = {
		.header.nlmsg_len = sizeof(request),
		.header.nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
		.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		.body.version = NFNETLINK_V0,
	};
	char answer[4096];

	if (fd < 0)
		fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (send(fd, &request, sizeof(request), 0) < 0 || recv(fd, answer, sizeof(answer), 0) < 0)
		err(1, "conntrack");
}

static bool is_tag_alone(const struct frame *frame)
{
	return frame->length - frame->skip == TAG;
}

static bool has_tag(const struct frame *frame, const uint8_t *came, size_t length)
{
	const uint8_t *tag = frame->bytes + frame->length - TAG;

	if (is_tag_alone(frame))
		return memmem(came, length, tag, TAG);
	return length >= TAG && !memcmp(came + length - TAG, tag, TAG);
}

static bool is_intact(const struct frame *frame, const uint8_t *came, size_t length)
{
	size_t rest = frame->length - frame->skip;

	if (is_tag_alone(frame))
		return true;
	if (frame->skip ? length < rest : length != rest)
		return false;
	return !memcmp(frame->bytes + frame->skip, came + length - rest, rest);
}

/* Of a frame that has its tag. */
static void judge(struct frame *frame, const uint8_t *came, size_t length)
{
	if (is_intact(frame, came, length)) {
		frame->fate = INTACT;
		return;
	}
	if (frame->fate == LOST) {
		frame->fate = CHANGED;
		frame->came = memcpy(malloc(length), came, length);
		frame->came_length = length;
	}
}

static void judge_all(struct frame *frames, unsigned int count, uint8_t place, const uint8_t *came,
		      size_t length)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (frames[i].to == place && frames[i].fate != INTACT &&
		    has_tag(&frames[i], came, length))
			judge(&frames[i], came, length);
}

/* Takes what has come. */
static void take(struct frame *frames, unsigned int count)
{
	static uint8_t came[FRAME_MAX];
	unsigned int i;

	for (i = 0; i < ear_count; i++) {
		ssize_t length;

		while ((length = recv(ears[i].fd, came, sizeof(came), 0)) >= 0)
			judge_all(frames, count, ears[i].place, came, length);
	}
}

static bool all_came(const struct frame *frames, unsigned int count)
{
	while (count && (frames[count - 1].fate == INTACT || frames[count - 1].to == NOWHERE))
		count--;
	return !count;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A device that is down takes nothing: that frame is lost, like one that is dropped. */
static void run(struct frame *frames, unsigned int count, int wait)
{
	int64_t end;
	unsigned int i;

	flush_conntrack();
	take(NULL, 0);
	for (i = 0; i < count; i++) {
		(void)!send(mouths[frames[i].from], frames[i].bytes, frames[i].length, 0);
		if (i % BURST == BURST - 1)
			take(frames, count);
	}
	for (end = now_ms() + wait;;) {
		take(frames, count);
		if (all_came(frames, count) || now_ms() >= end)
			return;
		poll(polled, ear_count, 1);
	}
}

static void read_all(void *to, size_t size)
{
	while (size) {
		ssize_t got = read(0, to, size);

		if (got <= 0)
			exit(got < 0);
		to = (char *)to + got;
		size -= got;
	}
}

static void write_all(const void *from, size_t size)
{
	while (size) {
		ssize_t done = write(1, from, size);

		if (done < 0)
			err(1, "write");
		from = (const char *)from + done;
		size -= done;
	}
}

static uint16_t get_u16(const uint8_t **at)
{
	uint16_t value;

	memcpy(&value, *at, sizeof(value));
	*at += sizeof(value);
	return value;
}

static struct frame *parse(const uint8_t *at, const uint8_t *end, unsigned int count)
{
	struct frame *frames = calloc(count + 1, sizeof(*frames));
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (end - at < 6)
			errx(1, "a frame without an end");
		frames[i].from = *at++;
		frames[i].to = *at++;
		frames[i].skip = get_u16(&at);
		frames[i].length = get_u16(&at);
		frames[i].bytes = at;
		at += frames[i].length;
		if (at > end || frames[i].length < TAG + frames[i].skip ||
		    frames[i].from >= PLACES_MAX || !mouths[frames[i].from])
			errx(1, "frame %u makes no sense", i);
	}
	return frames;
}

static void answer(struct frame *frames, unsigned int count)
{
	static uint8_t out[1 << 24];
	uint8_t *at = out + sizeof(uint32_t);
	uint32_t size;
	unsigned int i;

	for (i = 0; i < count; i++)
		*at++ = frames[i].fate;
	for (i = 0; i < count; i++) {
		uint16_t head[2] = {i, frames[i].came_length};

		if (frames[i].fate == CHANGED) {
			memcpy(at, head, sizeof(head));
			memcpy(at + sizeof(head), frames[i].came, frames[i].came_length);
			at += sizeof(head) + frames[i].came_length;
		}
		free(frames[i].came);
	}
	size = at - out - sizeof(size);
	memcpy(out, &size, sizeof(size));
	write_all(out, at - out);
}

int main(int argc, char **argv)
{
	if (argc < 4 || argc - 3 >= PLACES_MAX)
		errx(2, "usage: probe GUESTS BRIDGE END...");
	open_dom0(argv[2]);
	open_ends(argv[1], argv + 3, argc - 3);

	for (;;) {
		const uint8_t *at;
		struct frame *frames;
		uint16_t wait, count;
		uint32_t size;
		uint8_t *request;

		read_all(&size, sizeof(size));
		request = malloc(size);
		read_all(request, size);
		at = request;
		wait = get_u16(&at);
		count = get_u16(&at);
		frames = parse(at, request + size, count);
		run(frames, count, wait);
		answer(frames, count);
		free(frames);
		free(request);
	}
}
