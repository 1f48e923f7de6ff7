// SPDX-License-Identifier: MIT
/*
 * Programs that send in ways that few do.
 *
 * senders segments HOST PORT TIMES   trains of UDP_SEGMENT and single datagrams in turn, numbered
 * senders later HOST PORT MS         a datagram that fq is to send MS milliseconds from now (SO_TXTIME)
 * senders flood HOST PORT MS         numbered datagrams as fast as can be; prints how many were sent,
 *                                    and for how many the kernel said that it had no room
 * senders frames DEVICE MAC          IP frames by AF_PACKET that are none behind their Ethernet header
 * senders cgroup FOLDER IFINDEX PASS a cgroup's egress program that passes what leaves by IFINDEX, and
 *                                    no more (PASS 1), or all but that (PASS 0)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static int udp_to(const char *host, const char *port)
{
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *found;
	int fd, ret = getaddrinfo(host, port, &hints, &found);

	if (ret)
		errx(1, "%s: %s", host, gai_strerror(ret));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen))
		err(1, "%s", host);
	return fd;
}

static void set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		err(1, "setsockopt %d %d", level, option);
}

static void say(int fd, const void *data, size_t size)
{
	if (send(fd, data, size, 0) != (ssize_t)size)
		err(1, "send of %zu bytes", size);
}

static int segments(char **args)
{
	enum { SIZE = 1200, COUNT = 10 };
	static unsigned char train[SIZE * COUNT];
	int fd = udp_to(args[0], args[1]), times = atoi(args[2]);
	uint32_t number = 0;

	while (times--) {
		for (int i = 0; i < COUNT; i++, number++)
			memcpy(train + i * SIZE, &number, sizeof(number));
		set(fd, IPPROTO_UDP, UDP_SEGMENT, SIZE);
		say(fd, train, sizeof(train));
		set(fd, IPPROTO_UDP, UDP_SEGMENT, 0);
		memcpy(train, &number, sizeof(number));
		number++;
		say(fd, train, 100);
		usleep(2000);
	}
	printf("{\"sent\":%u}\n", number);
	return 0;
}

static int later(char **args)
{
	const struct sock_txtime txtime = {.clockid = CLOCK_MONOTONIC};
	int fd = udp_to(args[0], args[1]);
	uint64_t at = now() + atoi(args[2]) * 1000000ull;
	char control[CMSG_SPACE(sizeof(at))] = {0};
	struct iovec data = {.iov_base = "later\n", .iov_len = 6};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);

	if (setsockopt(fd, SOL_SOCKET, SO_TXTIME, &txtime, sizeof(txtime)))
		err(1, "SO_TXTIME");
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_TXTIME;
	cmsg->cmsg_len = CMSG_LEN(sizeof(at));
	memcpy(CMSG_DATA(cmsg), &at, sizeof(at));
	if (sendmsg(fd, &message, 0) < 0)
		err(1, "sendmsg");
	return 0;
}

static int flood(char **args)
{
	int fd = udp_to(args[0], args[1]);
	uint64_t end = now() + atoi(args[2]) * 1000000ull;
	uint32_t number = 0, refused = 0;
	unsigned char data[64] = {0};

	/* No more than the socket itself is to hold it back. */
	set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 256 << 20);
	set(fd, IPPROTO_IP, IP_RECVERR, 1);
	while (now() < end) {
		memcpy(data, &number, sizeof(number));
		if (send(fd, data, sizeof(data), 0) >= 0)
			number++;
		else if (errno == ENOBUFS)
			refused++;
		else
			err(1, "send");
	}
	printf("{\"sent\":%u,\"refused\":%u}\n", number, refused);
	return 0;
}

static int frames(char **args)
{
	static const uint16_t protocols[] = {ETHERTYPE_IP, ETHERTYPE_IPV6};
	unsigned char frame[ETH_FRAME_LEN];
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(args[0])};
	struct ether_header *eth = (struct ether_header *)frame;
	struct ifreq own = {0};
	unsigned int sent = 0;
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	strncpy(own.ifr_name, args[0], IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &own))
		err(1, "%s", args[0]);
	srandom(1);
	for (unsigned int i = 0; i < 2000; i++) {
		size_t size = ETH_HLEN + i % (sizeof(frame) - ETH_HLEN + 1);

		for (size_t at = 0; at < sizeof(frame); at++)
			frame[at] = random();
		if (sscanf(args[1], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &eth->ether_dhost[0],
			   &eth->ether_dhost[1], &eth->ether_dhost[2], &eth->ether_dhost[3],
			   &eth->ether_dhost[4], &eth->ether_dhost[5]) != 6)
			errx(1, "expected a MAC address, got %s", args[1]);
		memcpy(eth->ether_shost, own.ifr_hwaddr.sa_data, ETH_ALEN);
		eth->ether_type = htons(protocols[i % 2]);
		/* Half of them are of the version that their type says. */
		if (i & 2)
			frame[ETH_HLEN] = i % 2 ? 0x60 : 0x45;
		/* The kernel refuses a few sizes itself. */
		if (sendto(fd, frame, size, 0, (struct sockaddr *)&to, sizeof(to)) >= 0)
			sent++;
	}
	printf("{\"sent\":%u}\n", sent);
	return 0;
}

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int cgroup(char **args)
{
	const int ifindex = atoi(args[1]), pass = atoi(args[2]);
	const struct bpf_insn program[] = {
		{.code = BPF_LDX | BPF_W | BPF_MEM, .dst_reg = 2, .src_reg = 1,
		 .off = offsetof(struct __sk_buff, ifindex)},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = pass},
		{.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 2, .imm = ifindex, .off = 1},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = !pass},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_CGROUP_SKB,
		.expected_attach_type = BPF_CGROUP_INET_EGRESS,
		.insns = (uintptr_t)program,
		.insn_cnt = sizeof(program) / sizeof(*program),
		.license = (uintptr_t)"GPL",
	};
	union bpf_attr attach = {.attach_type = BPF_CGROUP_INET_EGRESS};
	int folder = open(args[0], O_RDONLY | O_DIRECTORY);
	int fd = bpf(BPF_PROG_LOAD, &load);

	if (folder < 0 || fd < 0)
		err(1, "%s or its program", args[0]);
	attach.target_fd = folder;
	attach.attach_bpf_fd = fd;
	if (bpf(BPF_PROG_ATTACH, &attach))
		err(1, "attaching to %s", args[0]);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(char **args);
		int args;
	} programs[] = {
		{"segments", segments, 3}, {"later", later, 3}, {"flood", flood, 3},
		{"frames", frames, 2}, {"cgroup", cgroup, 3},
	};

	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (argc > 1 && !strcmp(argv[1], programs[i].name) && argc == 2 + programs[i].args)
			return programs[i].run(argv + 2);
	errx(2, "expected segments, later, flood, frames or cgroup with its arguments, see senders.c");
}
