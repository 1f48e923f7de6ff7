// SPDX-License-Identifier: MIT
//
// bpf(2), as far as it lists programs. Arguments were checked in index.ts.
#include "programs.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "descriptor.h"

namespace programs {
namespace {

using descriptor::SystemError;

// The kernel takes no more programs than this at one place (BPF_MPROG_MAX).
constexpr uint32_t kProgramsMax = 64;

// The beginning of struct bpf_link_info, as far as links of XDP, tcx and netfilter fill it; headers
// before Linux 6.6 do not have all of them.
struct LinkInfo {
	uint32_t type;
	uint32_t id;
	uint32_t program;
	uint32_t padding;
	uint32_t target;  // an ifindex; of netfilter, the family
	uint32_t hook;    // of netfilter
	uint32_t more[2];
};

long Bpf(int command, bpf_attr &attributes) {
	return syscall(SYS_bpf, command, &attributes, sizeof(attributes));
}

// A descriptor of the program or link of that number, or -1 with errno.
int Open(int command, uint32_t id) {
	bpf_attr attributes{};
	attributes.prog_id = id;
	return static_cast<int>(Bpf(command, attributes));
}

// Fills what the kernel knows and leaves the rest zero.
template <class Info>
bool Describe(int fd, Info &info) {
	bpf_attr attributes{};
	attributes.info.bpf_fd = static_cast<uint32_t>(fd);
	attributes.info.info_len = sizeof(info);
	attributes.info.info = reinterpret_cast<uint64_t>(&info);
	return Bpf(BPF_OBJ_GET_INFO_BY_FD, attributes) == 0;
}

// Empty where the program has no name, or has just gone.
Napi::Value NameOf(Napi::Env env, uint32_t id) {
	bpf_prog_info info{};
	int fd = Open(BPF_PROG_GET_FD_BY_ID, id);
	if (fd >= 0) {
		Describe(fd, info);
		close(fd);
	}
	return Napi::String::New(env, info.name, strnlen(info.name, sizeof(info.name)));
}

Napi::Object Program(Napi::Env env, uint32_t id) {
	auto program = Napi::Object::New(env);
	program.Set("id", Napi::Number::New(env, id));
	program.Set("name", NameOf(env, id));
	return program;
}

}  // namespace

Napi::Value Attached(const Napi::CallbackInfo &info) {
	Napi::Env env = info.Env();
	uint32_t ids[kProgramsMax] = {};
	bpf_attr attributes{};
	attributes.query.target_fd = info[0].As<Napi::Number>().Uint32Value();
	attributes.query.attach_type = info[1].As<Napi::Number>().Uint32Value();
	attributes.query.prog_ids = reinterpret_cast<uint64_t>(ids);
	attributes.query.prog_cnt = kProgramsMax;
	if (Bpf(BPF_PROG_QUERY, attributes) != 0)
		throw SystemError(env, "bpf", errno);
	auto found = Napi::Array::New(env);
	for (uint32_t i = 0; i < attributes.query.prog_cnt && i < kProgramsMax; ++i)
		found.Set(i, Program(env, ids[i]));
	return found;
}

Napi::Value Linked(const Napi::CallbackInfo &info) {
	Napi::Env env = info.Env();
	uint32_t type = info[0].As<Napi::Number>().Uint32Value();
	auto found = Napi::Array::New(env);
	bpf_attr attributes{};
	while (Bpf(BPF_LINK_GET_NEXT_ID, attributes) == 0) {
		attributes.start_id = attributes.next_id;
		LinkInfo link{};
		int fd = Open(BPF_LINK_GET_FD_BY_ID, attributes.start_id);
		if (fd < 0)
			continue;  // it has just gone
		bool is_known = Describe(fd, link);
		close(fd);
		if (!is_known || link.type != type)
			continue;
		auto program = Program(env, link.program);
		program.Set("target", Napi::Number::New(env, link.target));
		program.Set("hook", Napi::Number::New(env, link.hook));
		found.Set(found.Length(), program);
	}
	if (errno != ENOENT)
		throw SystemError(env, "bpf", errno);
	return found;
}

}  // namespace programs
