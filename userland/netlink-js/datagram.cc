// SPDX-License-Identifier: MIT
//
// unix(7), one datagram. Arguments were checked in index.ts.
#include "datagram.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "descriptor.h"

namespace datagram {

using descriptor::SystemError;

Napi::Value Send(const Napi::CallbackInfo &info) {
	Napi::Env env = info.Env();
	std::string path = info[0].As<Napi::String>();
	auto data = info[1].As<Napi::Uint8Array>();
	sockaddr_un to{};
	to.sun_family = AF_UNIX;
	if (path.size() >= sizeof(to.sun_path))
		throw SystemError(env, "sendto", ENAMETOOLONG);
	std::memcpy(to.sun_path, path.data(), path.size());
	// A name that is no file's begins with a zero, which is written as "@".
	bool is_abstract = path[0] == '@';
	if (is_abstract)
		to.sun_path[0] = '\0';
	size_t length = offsetof(sockaddr_un, sun_path) + path.size() + (is_abstract ? 0 : 1);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		throw SystemError(env, "socket", errno);
	ssize_t sent = sendto(fd, data.Data(), data.ByteLength(), MSG_NOSIGNAL,
			      reinterpret_cast<sockaddr *>(&to), static_cast<socklen_t>(length));
	int error = errno;
	close(fd);
	if (sent < 0)
		throw SystemError(env, "sendto", error);
	return env.Undefined();
}

}  // namespace datagram
