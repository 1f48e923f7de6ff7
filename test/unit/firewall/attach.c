// SPDX-License-Identifier: MIT
//
// attach tcx|xdp DEVICE, attach netfilter FAMILY HOOK: a BPF program called drop_all that drops every
// packet there, until standard input ends. Says "attached" once it is in force. The numbers are those
// of Linux 6.6; older headers do not have them.
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PROG_LOAD = 5, LINK_CREATE = 28 };
enum { SCHED_CLS = 3, XDP = 6, NETFILTER = 32 };
enum { ON_XDP = 37, ON_NETFILTER = 45, ON_TCX_INGRESS = 46 };
enum { XDP_DROP = 1, TCX_DROP = 2, NF_DROP = 0, XDP_SKB_MODE = 2 };

struct instruction {
	uint8_t code;
	uint8_t registers;
	int16_t offset;
	int32_t value;
};

struct load {
	uint32_t type;
	uint32_t count;
	uint64_t instructions;
	uint64_t license;
	uint32_t log_level;
	uint32_t log_size;
	uint64_t log;
	uint32_t kernel_version;
	uint32_t flags;
	char name[16];
	uint32_t ifindex;
	uint32_t attach_type;
};

struct link {
	uint32_t program;
	uint32_t ifindex;
	uint32_t attach_type;
	uint32_t flags;
	uint32_t family;
	uint32_t hook;
	int32_t priority;
	uint32_t netfilter_flags;
};

static int bpf(int command, void *attributes, size_t size, const char *what)
{
	long fd = syscall(SYS_bpf, command, attributes, size);

	if (fd < 0) {
		perror(what);
		exit(1);
	}
	return (int)fd;
}

static int load(uint32_t type, uint32_t attach_type, int verdict)
{
	/* r0 = verdict; exit */
	struct instruction program[] = {{0xb7, 0, 0, verdict}, {0x95, 0, 0, 0}};
	struct load request = {
		.type = type,
		.count = 2,
		.instructions = (uintptr_t)program,
		.license = (uintptr_t)"GPL",
		.name = "drop_all",
		.attach_type = attach_type,
	};

	return bpf(PROG_LOAD, &request, sizeof(request), "load");
}

int main(int argc, char **argv)
{
	struct link request = {.attach_type = 0};

	if (argc == 4 && strcmp(argv[1], "netfilter") == 0) {
		request.attach_type = ON_NETFILTER;
		request.program = load(NETFILTER, ON_NETFILTER, NF_DROP);
		request.family = atoi(argv[2]);
		request.hook = atoi(argv[3]);
	} else if (argc == 3 && strcmp(argv[1], "xdp") == 0) {
		request.attach_type = ON_XDP;
		request.program = load(XDP, ON_XDP, XDP_DROP);
		request.ifindex = if_nametoindex(argv[2]);
		request.flags = XDP_SKB_MODE;
	} else if (argc == 3 && strcmp(argv[1], "tcx") == 0) {
		request.attach_type = ON_TCX_INGRESS;
		request.program = load(SCHED_CLS, ON_TCX_INGRESS, TCX_DROP);
		request.ifindex = if_nametoindex(argv[2]);
	} else {
		return 2;
	}
	bpf(LINK_CREATE, &request, sizeof(request), "link");
	puts("attached");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
