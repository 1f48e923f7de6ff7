// SPDX-License-Identifier: MIT
/*
 * bpf pin FOLDER: keeps programs in a bpffs, each of which says the same of every packet, for `tc`
 * and `ip`: tc-pass, tc-drop, xdp-pass, xdp-drop, nf-pass, nf-drop.
 * bpf tcx FOLDER PROGRAM DEVICE ingress|egress, bpf netfilter FOLDER PROGRAM 4|6 HOOK: puts one where
 * no tool of iproute2 or nftables puts any; kept in FOLDER/link.
 * bpf unlink FOLDER: ends that.
 */
#define _GNU_SOURCE
#include <err.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of newer headers than Debian 12 has. */
enum {
	PROG_TYPE_NETFILTER = 32,
	ATTACH_NETFILTER = 45,
	ATTACH_TCX_INGRESS = 46,
	ATTACH_TCX_EGRESS = 47,
};

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static const char *path_of(const char *folder, const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void pin(int fd, const char *folder, const char *name)
{
	union bpf_attr attr = {
		.pathname = (uintptr_t)path_of(folder, name),
		.bpf_fd = fd,
	};

	if (fd < 0 || bpf(BPF_OBJ_PIN, &attr))
		err(1, "%s", name);
}

static void pin_program(const char *folder, const char *name, int type, int attach, int value)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = value},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {
		.prog_type = type,
		.expected_attach_type = attach,
		.insns = (uintptr_t)code,
		.insn_cnt = sizeof(code) / sizeof(*code),
		.license = (uintptr_t)"GPL",
	};

	pin(bpf(BPF_PROG_LOAD, &attr), folder, name);
}

static void pin_programs(const char *folder)
{
	/* TC_ACT_UNSPEC: the next program decides. */
	pin_program(folder, "tc-pass", BPF_PROG_TYPE_SCHED_CLS, 0, -1);
	pin_program(folder, "tc-drop", BPF_PROG_TYPE_SCHED_CLS, 0, 2);
	pin_program(folder, "xdp-pass", BPF_PROG_TYPE_XDP, 0, XDP_PASS);
	pin_program(folder, "xdp-drop", BPF_PROG_TYPE_XDP, 0, XDP_DROP);
	pin_program(folder, "nf-pass", PROG_TYPE_NETFILTER, ATTACH_NETFILTER, 1);
	pin_program(folder, "nf-drop", PROG_TYPE_NETFILTER, ATTACH_NETFILTER, 0);
}

static int open_program(const char *folder, const char *name)
{
	union bpf_attr attr = {.pathname = (uintptr_t)path_of(folder, name)};
	int fd = bpf(BPF_OBJ_GET, &attr);

	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

static void link_tcx(char **argv)
{
	union bpf_attr attr = {
		.link_create.prog_fd = open_program(argv[0], argv[1]),
		.link_create.target_ifindex = if_nametoindex(argv[2]),
		.link_create.attach_type =
			strcmp(argv[3], "ingress") ? ATTACH_TCX_EGRESS : ATTACH_TCX_INGRESS,
	};

	pin(bpf(BPF_LINK_CREATE, &attr), argv[0], "link");
}

/* struct { __u32 pf, hooknum; __s32 priority; __u32 flags; } netfilter, at link_create's end. */
static void link_netfilter(char **argv)
{
	union bpf_attr attr = {
		.link_create.prog_fd = open_program(argv[0], argv[1]),
		.link_create.attach_type = ATTACH_NETFILTER,
	};
	uint32_t where[4] = {strcmp(argv[2], "6") ? 2 : 10, atoi(argv[3]), -1, 0};

	memcpy((char *)&attr + 16, where, sizeof(where));
	pin(bpf(BPF_LINK_CREATE, &attr), argv[0], "link");
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "pin"))
		pin_programs(argv[2]);
	else if (argc == 6 && !strcmp(argv[1], "tcx"))
		link_tcx(argv + 2);
	else if (argc == 6 && !strcmp(argv[1], "netfilter"))
		link_netfilter(argv + 2);
	else if (argc == 3 && !strcmp(argv[1], "unlink"))
		return unlink(path_of(argv[2], "link")) ? 1 : 0;
	else
		errx(2, "usage: bpf pin|tcx|netfilter|unlink FOLDER ...");
	return 0;
}
